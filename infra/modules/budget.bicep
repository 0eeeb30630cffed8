// A budget for the resource group, whose amount and recipients each deployment updates: its start is given. It sends
// mail when costs exceed 80 %, and when the forecast exceeds 100 %.
param amount int
param start string
param emails string[]
param actionGroupId string

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: 'calendar-relay'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: start } // must stay the same at every deployment
    notifications: {
      spent: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: emails
        contactGroups: [actionGroupId] // roles alone are refused
        contactRoles: ['Owner']
      }
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: emails
        contactGroups: [actionGroupId]
        contactRoles: ['Owner']
      }
    }
  }
}
