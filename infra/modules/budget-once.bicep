// The budget of budget.bicep where no start is given: created once with this month, and then left alone, because its
// start must stay the same. A file of its own, because a template cannot contain two resources of the same name.
param amount int
param start string = utcNow('yyyy-MM-01')
param emails string[]
param actionGroupId string

@onlyIfNotExists()
resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: 'calendar-relay'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    notifications: {
      spent: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: emails
        contactGroups: [actionGroupId]
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

output start string = start
