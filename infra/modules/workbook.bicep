// The relay's metrics on one page, in the portal under Application Insights, Workbooks.
param location string
param tags { *: string }
param insightsName string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'calendar-relay')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Calendar Relay'
    category: 'workbook'
    sourceId: insights.id
    // Without fallbackResourceIds the queries of a workbook have no resource to read from.
    serializedData: replace(loadTextContent('../workbook.json'), 'APPLICATION_INSIGHTS_ID', insights.id)
  }
}
