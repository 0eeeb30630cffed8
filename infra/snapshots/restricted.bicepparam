// Calls from Graph and the partner only, with Entra tokens; a unique host name; an instance that waits for changes.
using '../main.bicep'

param environmentName = 'calendar-relay-prod'
param location = 'westeurope'
param suffix = 'abcdefghijklm'
param partnerWebhookUrl = 'https://partner.example/webhook'
param allowedMailboxes = 'room1@contoso.com,room2@contoso.com,roomlist:building1@contoso.com'
param restrictInbound = true
param callerAddressRanges = ['203.0.113.0/24', '198.51.100.7/32']
param callerKeys = false
param entraAudience = 'api://22222222-2222-2222-2222-222222222222'
param ownerCheck = 'enforce'
param allowedNotificationHosts = 'partner.example,events.partner.example'
param publicBaseUrl = 'https://relay.contoso.com'
param uniqueHostName = true
param invitees = 'own-domains'
param customerInvitations = false
param bookingsDeliveries = 'workshop@contoso.com'
param dataverseUrl = 'https://contoso.crm4.dynamics.com'
param dataverseResources = 'column:new_calendarrelay'
param dataverseDirection = 'both'
param deliverAlwaysReady = 1
param updateStrategy = 'RollingUpdate'
