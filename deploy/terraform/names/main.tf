# What the product's own files say: dapr.yaml and components/<target>. The clouds create exactly this.
variable "target" {
  description = "A folder of components/."
  type        = string
}

locals {
  root = "${path.module}/../../.."
  apps = [for app in yamldecode(file("${local.root}/dapr.yaml")).apps : app.appID]

  texts     = flatten([for name in fileset("${local.root}/components/${var.target}", "*.yaml") : split("\n---", file("${local.root}/components/${var.target}/${name}"))])
  documents = [for text in local.texts : yamldecode(text) if can(yamldecode(text).kind)]

  components    = { for d in local.documents : d.metadata.name => d.spec if d.kind == "Component" }
  scopes        = { for d in local.documents : d.metadata.name => try(d.scopes, local.apps) if d.kind == "Component" }
  subscriptions = flatten([for d in local.documents : [for app in d.scopes : { app = app, component = d.spec.pubsubname, topic = d.spec.topic }] if d.kind == "Subscription"])
}

locals {
  access = flatten([for app in local.apps : [for text in split("\n---", file("${local.root}/deploy/k8s/base/access/${app}.yaml")) : yamldecode(text)]])
  # Who needs which secret: the users of the components that name it, and the apps that may ask their sidecar for it. Names in capitals are variables, not secrets of a cloud.
  wants = concat(
    flatten([for name, spec in local.components : [for setting in spec.metadata : [for app in local.scopes[name] : { secret = setting.secretKeyRef.name, app = app }] if can(setting.secretKeyRef.name)]]),
    flatten([for d in local.access : [for scope in try(d.spec.secrets.scopes, []) : [for secret in try(scope.allowedSecrets, []) : { secret = secret, app = d.metadata.name } if lower(secret) == secret]] if d.kind == "Configuration"])
  )
  secrets = { for secret in distinct(local.wants[*].secret) : secret => distinct([for want in local.wants : want.app if want.secret == secret]) }

  # What External Secrets reads for the pods.
  outside  = [for text in split("\n---", file("${local.root}/deploy/k8s/components/external-secrets/secrets.yaml")) : yamldecode(text)]
  platform = flatten([for d in local.outside : d.spec.data[*].remoteRef.key if d.kind == "ExternalSecret"])

  # What the overlay's scalers ask the broker for.
  patches = [for p in yamldecode(file("${local.root}/deploy/k8s/overlays/${var.target}/kustomization.yaml")).patches : yamldecode(p.patch) if try(p.target.kind, "") == "ScaledObject"]
  scaled  = [for change in flatten(local.patches) : change.value.metadata]

  databases = { for app in local.apps : app => { secret = "eco2-postgres-${app}", login = "eco2_${replace(app, "-", "_")}" } if contains(local.platform, "eco2-postgres-${app}") }
}

output "apps" {
  description = "App ids."
  value       = local.apps
}

output "topics" {
  description = "Every topic, dead letters included."
  value       = distinct([for s in local.subscriptions : s.topic])
}

output "subscriptions" {
  description = "Which app hears which topic by which component."
  value       = local.subscriptions
}

output "users" {
  description = "The apps of each component."
  value       = local.scopes
}

output "secrets" {
  description = "Each secret that sidecars read, and the apps that it is for."
  value       = local.secrets
}

output "platform_secrets" {
  description = "Each secret that External Secrets reads for the pods."
  value       = local.platform
}

output "every_secret" {
  description = "Both."
  value       = concat(keys(local.secrets), local.platform)
}

output "databases" {
  description = "Secret and login of everybody who enters the apps' database: its owner and the apps that keep tables there."
  value       = merge({ owner = { secret = "eco2-postgres", login = "eco2" } }, local.databases)
}

output "accounts" {
  description = "Service accounts that have an identity in the cloud: one for each app, and the one that External Secrets reads by."
  value       = concat(local.apps, ["secrets-reader"])
}

output "scaled" {
  description = "What KEDA looks at: the metadata of each scaler's trigger at the broker."
  value       = local.scaled
}
