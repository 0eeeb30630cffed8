// An app registration with a client secret, all features, other settings, and code from a release.
using '../main.bicep'

param environmentName = 'calendar-relay-prod'
param location = 'westeurope'
param suffix = 'abcdefghijklm'
param partnerWebhookUrl = 'https://partner.example/webhook'
param allowedMailboxes = 'room1@contoso.com,room2@contoso.com,roomlist:building1@contoso.com'
param graphSignIn = 'client-secret'
param clientId = '11111111-1111-1111-1111-111111111111'
param features = 'calendars,scheduling,bookings'
param eventDetail = 'location,organizer'
param instanceMemoryMB = 512
param maximumInstanceCount = 100
param packageUri = 'https://packages.contoso.com/calendar-relay/1.2.3/calendar-relay.zip'
param recoverVault = true
param otherSettings = { SETTLE_SECONDS: '20', RENEWAL_SCHEDULE: '0 */15 * * * *' }
