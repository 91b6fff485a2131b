using Xunit;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>Each rule, against a mistake it is there for.</summary>
public sealed class MistakesTests
{
    [Theory]
    [InlineData("aws", "minReplicaCount: 2", "minReplicas: 2", "knows no minReplicas")]
    [InlineData("aws", "kind: PodMonitor", "kind: PodWatcher", "no kind we use")]
    [InlineData("local", "path: /healthz", "path: healthz", "no path")]
    [InlineData("local", "dapr.io/app-port: \"8101\"", "dapr.io/app-port: 8101", "no string")]
    [InlineData("local", "failureThreshold: 90", "failureThreshold: \"90\"", "no int")]
    [InlineData("local", "memory: 384Mi", "memory: 384MB", "no quantity")]
    [InlineData("local", "  pubsubname: job-events\n", "", "lacks pubsubname")]
    [InlineData("production", "defaultAction: deny", "defaultAction: allow", "not one of deny")]
    public void A_wrong_shape_is_found(string overlay, string from, string to, string complaint) => Found(Overlay.Altered(overlay, from, to).Objects.SelectMany(Schema.Complaints), complaint);

    [Theory]
    [InlineData("aws", "secretKey: connection-string", "secretKey: connection", "no Secret postgres has the key connection-string")]
    [InlineData("aws", "dapr.io/config: auth", "dapr.io/config: oauth", "no Configuration oauth")]
    [InlineData("aws", "dapr.io/api-token-secret: dapr-api-token", "dapr.io/api-token-secret: token", "dapr.io/api-token-secret names no Secret")]
    [InlineData("aws", "serviceAccountName: worker", "serviceAccountName: workers", "no ServiceAccount workers")]
    [InlineData("aws", "targetPort: http", "targetPort: web", "does not lead to the port")]
    [InlineData("aws", "ECO2_JOBS_TABLE=", "ECO2_JOB_TABLE=", "wants ECO2_JOBS_TABLE")]
    [InlineData("aws", "kind: TriggerAuthentication\nmetadata:\n  name: broker", "kind: TriggerAuthentication\nmetadata:\n  name: brokers", "no TriggerAuthentication broker")]
    [InlineData("aws", "name: secrets-reader\n  namespace", "name: secret-reader\n  namespace", "ServiceAccount secrets-reader")]
    [InlineData("azure", "secretStore: secrets", "secretStore: state", "state is no secret store")]
    [InlineData("production", "claimName: objects", "claimName: object", "no PersistentVolumeClaim object")]
    [InlineData("production", "objects:/objects", "pictures:/objects", "no volume for pictures:/objects")]
    [InlineData("rabbitmq", "ECO2_RABBITMQ=rabbitmq:url", "ECO2_RABBIT=rabbitmq:url", "wants ECO2_RABBITMQ, which")]
    [InlineData("production", "ECO2_REDIS_PASSWORD=redis:password", "ECO2_REDIS_PASSWORD=redis:secret", "no Secret has redis:secret")]
    [InlineData("production", "templateName: gateway", "templateName: health", "judged by health")]
    [InlineData("production", "      property: value\n", "", "names no text of its secret in Vault")]
    [InlineData("aws", "      - auth\n", "      - oauth\n", "pods that are not there")]
    [InlineData("aws", "port: metrics", "port: numbers", "watches pods or ports")]
    [InlineData("local", "configMapRef:\n            name: models", "configMapRef:\n            name: model", "no ConfigMap model")]
    public void A_reference_into_nothing_is_found(string overlay, string from, string to, string complaint) => Found(ReferenceRules.Complaints(Overlay.Altered(overlay, from, to)), complaint);

    [Theory]
    [InlineData("production", "oliver006/redis_exporter:", "oliver006/redis_exporter:latest # ", "redis-exporter exporter: oliver006/redis_exporter:latest is not pinned")]
    [InlineData("aws", "runAsNonRoot: true", "runAsNonRoot: false", "may run as root")]
    [InlineData("aws", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may write its root")]
    [InlineData("aws", "          limits:\n            cpu: \"1\"\n", "          limits:\n", "has no limits/cpu")]
    [InlineData("aws", "registry.invalid/eco2-scan@sha256:0000000000000000000000000000000000000000000000000000000000000000", "ghcr.io/x/eco2-scan:latest", "not pinned")]
    [InlineData("local", "eco2-scan:dev", "eco2-scan:latest", "not pinned")]
    [InlineData("aws", "path: /readyz", "path: /dapr/subscribe", "readinessProbe does not ask /readyz")]
    [InlineData("aws", "topologyKey: topology.kubernetes.io/zone", "topologyKey: rack", "not spread by topology.kubernetes.io/zone")]
    [InlineData("aws", "terminationGracePeriodSeconds: 260", "terminationGracePeriodSeconds: 30", "killed before it is through")]
    [InlineData("aws", "dapr.io/block-shutdown-duration: 200s", "dapr.io/block-shutdown-duration: 5s", "Deployment/gateway: its app or its sidecar goes before")]
    [InlineData("aws", "dapr.io/block-shutdown-duration: 30s", "dapr.io/block-shutdown-duration: 5s", "Deployment/sse-gateway: its app or its sidecar goes before")]
    [InlineData("aws", "seconds: 35", "seconds: 5", "Deployment/worker: its app or its sidecar goes before")]
    [InlineData("aws", "kind: PodDisruptionBudget", "kind: PodDisruptionBudgets", "has no PodDisruptionBudget")]
    [InlineData("aws", "minReplicaCount: 2", "minReplicaCount: 0", "one must be able to go")]
    [InlineData("aws", "stabilizationWindowSeconds: 900", "stabilizationWindowSeconds: 300", "scales down in haste")]
    [InlineData("aws", "podSelector: {}", "podSelector: {matchLabels: {a: b}}", "not closed by default")]
    [InlineData("aws", "nginx.org/proxy-buffering: \"False\"", "nginx.org/proxy-buffering: \"True\"", "holds back or ends streams")]
    [InlineData("aws", "path: /api/v1\n", "path: /\n", "opens more")]
    [InlineData("aws", "pod-security.kubernetes.io/enforce: restricted", "pod-security.kubernetes.io/enforce: privileged", "restricted pod security")]
    public void A_broken_policy_is_found(string overlay, string from, string to, string complaint) => Found(PolicyRules.Complaints(Overlay.Altered(overlay, from, to)), complaint);

    [Theory]
    [InlineData("production", "      - auth\n      - worker\n", "      - worker\n", "Deployment/auth cannot reach the world:443")]
    [InlineData("production", "      - auth\n      - worker\n", "      - auth\n      - worker\n      - my\n", "Deployment/my may reach the world:443 and has no business there")]
    [InlineData("production", "        - 192.168.0.0/16\n", "", "NetworkPolicy/providers opens our own network")]
    [InlineData("production", "port: 6379", "port: 6380", "Deployment/redis-exporter cannot reach a server:6379")]
    [InlineData("gcp", "port: 587", "port: 25", "Deployment/auth cannot reach the world:587")]
    [InlineData("azure", "port: 5671", "port: 5672", "Deployment/media cannot reach the world:5671")]
    [InlineData("aws", "      - my\n      - migrations\n", "      - my\n", "Job/migrations cannot reach a server:5432")]
    public void A_way_out_that_is_closed_or_leads_too_far_is_found(string overlay, string from, string to, string complaint) => Found(EgressRules.Complaints(Overlay.Altered(overlay, from, to)), complaint);

    [Theory]
    [InlineData("- appId: scan\n", "- appId: my\n", "scan calls image, but not by access control")]
    [InlineData("- appId: scan\n", "- appId: my\n", "my does not call image")]
    [InlineData("name: /internal/taxonomy", "name: /internal/taxonomies", "scan may not GET /internal/taxonomy of worker")]
    [InlineData("- podSelector:\n        matchLabels:\n          app.kubernetes.io/name: gateway\n", "- podSelector:\n        matchLabels:\n          app.kubernetes.io/name: media\n", "gateway calls auth, but not by what its callee lets in")]
    [InlineData("- podSelector:\n        matchLabels:\n          app.kubernetes.io/name: image\n", "- podSelector:\n        matchLabels:\n          app.kubernetes.io/name: media\n", "scan calls image, but not by what its caller lets out")]
    [InlineData("- PUT", "- POST", "worker may not PUT /internal/scans/ of scan")]
    [InlineData("- '*'\n        name: /api/v1/dead-letters\n", "- GET\n        name: /api/v1/dead-letters\n", "/api/v1/dead-letters/** is hidden by a shorter operation")]
    [InlineData("name: /api/v1/jobs/**", "name: /api/v1/job/**", "gateway may not GET /api/v1/jobs/x/events of sse-gateway")]
    public void A_wrong_permission_is_found(string from, string to, string complaint) => Found(AccessRules.Complaints(Overlay.Altered("aws", from, to)), complaint);

    [Theory]
    [InlineData("aws", "dapr.io/app-id: my", "dapr.io/app-id: mine", "my is in dapr.yaml")]
    [InlineData("aws", "dapr.io/app-port: \"8103\"", "dapr.io/app-port: \"8203\"", "scan listens on 8103")]
    [InlineData("aws", "dapr.io/max-body-size: 16Mi", "dapr.io/max-body-size: 4Mi", "16Mi")]
    [InlineData("aws", "default: /events/job-finished", "default: /events/job-ended", "no route /events/job-ended")]
    [InlineData("aws", "queueURL: event-router-job-events", "queueURL: event-router", "no queue event-router")]
    [InlineData("azure", "topicName: scan.requested", "topicName: scan.wanted", "no queue scan.wanted/worker")]
    [InlineData("rabbitmq", "queueName: worker-scan.requested", "queueName: scan.requested", "no queue scan.requested")]
    [InlineData("production", "stream: job.events", "stream: job.event", "no queue job.event/event-router")]
    [InlineData("production", "concurrency\n    value: \"100\"", "concurrency\n    value: \"101\"", "is not what components/redis says")]
    public void A_difference_from_the_code_is_found(string overlay, string from, string to, string complaint) => Found(AppRules.Complaints(Overlay.Altered(overlay, from, to)), complaint);

    private static void Found(IEnumerable<string> complaints, string complaint) => Assert.Contains(complaints, said => said.Contains(complaint, StringComparison.Ordinal));
}
