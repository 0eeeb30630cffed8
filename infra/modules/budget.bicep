// A budget for the resource group. It sends mail when costs exceed 80 %, and when the forecast exceeds 100 %.
param amount int
param start string
param emails array

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
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
        contactRoles: ['Owner']
      }
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: emails
        contactRoles: ['Owner']
      }
    }
  }
}
