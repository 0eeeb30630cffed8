# Runs after the deployment: calls the two public routes as Graph does, until both respond in time, so that the first subscription
# does not fail on a cold start. It changes nothing and needs no key.
$ErrorActionPreference = 'Stop'

$tries = if ($env:RELAY_WARM_TRIES) { [int] $env:RELAY_WARM_TRIES } else { 60 }
$pause = if ($env:RELAY_WARM_PAUSE) { [int] $env:RELAY_WARM_PAUSE } else { 5 }

foreach ($route in 'notifications', 'lifecycle') {
    $answered = $false
    for ($n = 0; $n -lt $tries -and -not $answered; $n++) {
        try {
            $answer = Invoke-WebRequest -Method Post -Uri "$env:RELAY_URL/api/${route}?validationToken=warm" -TimeoutSec 3 -UseBasicParsing
            $answered = "$($answer.Content)" -eq 'warm'
        } catch {
            $answered = $false
        }
        if (-not $answered) { Start-Sleep -Seconds $pause }
    }
    if (-not $answered) {
        [Console]::Error.WriteLine("$env:RELAY_URL/api/$route did not answer as Graph expects it, within 3 seconds. If RESTRICT_INBOUND blocks this computer,")
        [Console]::Error.WriteLine('that is expected; otherwise read the app''s log, and create no subscription before this works.')
        exit 0
    }
    Write-Output "$env:RELAY_URL/api/$route is warm"
}
