// A budget with mail, a first month, and a limit of logs.
using '../main.bicep'

param environmentName = 'calendar-relay-prod'
param location = 'westeurope'
param suffix = 'abcdefghijklm'
param partnerWebhookUrl = 'https://partner.example/webhook'
param allowedMailboxes = 'room1@contoso.com,room2@contoso.com,roomlist:building1@contoso.com'
param alertEmails = 'it@contoso.com, workplace@contoso.com'
param budgetAmount = 100
param budgetStart = '2026-11-01'
param logRetentionDays = 90
param logDailyQuotaGb = 1
