@export()
@description('The parameters of main.bicep that become the setting with the same name.')
type relayChoices = {
  PARTNER_WEBHOOK_URL: string
  ALLOWED_MAILBOXES: string
  OWNER_CHECK: string
  ALLOWED_NOTIFICATION_HOSTS: string
  GRAPH_CREDENTIAL: string
  CALLER_KEYS: string
  ENTRA_AUDIENCE: string
  PUBLIC_BASE_URL: string
  FEATURES: string
  EVENT_DETAIL: string
  INVITEES: string
  CUSTOMER_INVITATIONS: string
  BOOKINGS_DELIVERIES: string
  DATAVERSE_URL: string
  DATAVERSE_RESOURCES: string
  DATAVERSE_DIRECTION: string
}
