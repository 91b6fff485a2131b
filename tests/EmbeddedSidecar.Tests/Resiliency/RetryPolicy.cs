namespace EmbeddedSidecar.Tests.Resiliency;

/// <summary>Resiliency documents of one policy for one component.</summary>
internal static class RetryPolicy
{
    /// <param name="direction">inbound or outbound.</param>
    public static string Of(string component, string direction, int retries) => $$"""
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: r }
        spec:
          policies: { retries: { again: { policy: constant, duration: 1ms, maxRetries: {{retries}} } } }
          targets: { components: { {{component}}: { {{direction}}: { retry: again } } } }

        """;
}
