# An account for each app, taken on by its Kubernetes service account alone; what it may follows from the scopes of the components.
locals {
  publishers = merge([for topic in module.names.topics : { for app in module.names.apps : "${topic}/${app}" => { topic = topic, app = app } }]...)
  reads      = merge([for secret, apps in module.names.secrets : { for app in apps : "${secret}/${app}" => { secret = secret, app = app } }]...)
}

resource "google_service_account" "app" {
  for_each     = toset(module.names.accounts)
  account_id   = "eco2-${each.key}"
  display_name = "Eco2 ${each.key}"
}

resource "google_service_account_iam_member" "kubernetes" {
  for_each           = google_service_account.app
  service_account_id = each.value.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[${var.namespace}/${each.key}]"
}

# Dapr looks whether a topic is there before it publishes.
resource "google_project_iam_custom_role" "publisher" {
  role_id     = "eco2Publisher"
  title       = "Eco2 publisher"
  permissions = ["pubsub.topics.get", "pubsub.topics.publish", "pubsub.topics.attachSubscription"]
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishers
  topic    = google_pubsub_topic.topic[each.value.topic].id
  role     = google_project_iam_custom_role.publisher.id
  member   = google_service_account.app[each.value.app].member
}

resource "google_pubsub_subscription_iam_member" "subscriber" {
  for_each     = local.subscriptions
  subscription = google_pubsub_subscription.app[each.key].id
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.app[each.value.app].member
}

# The subscriptions of single sidecars have no name beforehand.
resource "google_project_iam_custom_role" "broadcast" {
  role_id     = "eco2Broadcast"
  title       = "Eco2 broadcast"
  permissions = ["pubsub.subscriptions.create", "pubsub.subscriptions.get", "pubsub.subscriptions.consume"]
}

resource "google_project_iam_member" "broadcast" {
  for_each = toset(local.users.broadcast)
  project  = var.project
  role     = google_project_iam_custom_role.broadcast.id
  member   = google_service_account.app[each.key].member
}

resource "google_storage_bucket_iam_member" "objects" {
  for_each = toset(local.users.objects)
  bucket   = google_storage_bucket.objects.name
  role     = "roles/storage.objectUser"
  member   = google_service_account.app[each.key].member
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each  = local.reads
  secret_id = google_secret_manager_secret.secret[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.app[each.value.app].member
}

resource "google_secret_manager_secret_iam_member" "secrets_reader" {
  for_each  = toset(module.names.platform_secrets)
  secret_id = google_secret_manager_secret.secret[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.app["secrets-reader"].member
}
