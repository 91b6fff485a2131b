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
  # Who needs which secret: the users of the components that name it; the worker alone calls the providers of models.
  wants = concat(
    flatten([for name, spec in local.components : [for setting in spec.metadata : [for app in local.scopes[name] : { secret = setting.secretKeyRef.name, app = app }] if can(setting.secretKeyRef.name)]]),
    [for key in ["openai-api-key", "anthropic-api-key"] : { secret = key, app = "worker" }]
  )
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
  description = "Each secret that is needed, and the apps that read it."
  value       = { for secret in distinct(local.wants[*].secret) : secret => distinct([for want in local.wants : want.app if want.secret == secret]) }
}
