// Private endpoints in the relay's own network, one outgoing address, all zones of the region.
using '../main.bicep'

param environmentName = 'calendar-relay-prod'
param location = 'westeurope'
param suffix = 'abcdefghijklm'
param partnerWebhookUrl = 'https://partner.example/webhook'
param allowedMailboxes = 'room1@contoso.com,room2@contoso.com,roomlist:building1@contoso.com'
param privateNetworking = true
param addressPrefixes = { network: '10.20.30.0/24', app: '10.20.30.0/26', endpoints: '10.20.30.64/26' }
param fixedOutgoingAddress = true
param zoneRedundant = true
param uniqueHostName = true
