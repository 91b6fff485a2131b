namespace EmbeddedSidecar.Telemetry;

/// <content>What components did for the app or brought it.</content>
internal sealed partial class DaprMetrics
{
    private Metric _ingress = null!, _ingressMs = null!, _bulkIngress = null!, _bulkIngressEvents = null!, _bulkIngressMs = null!;
    private Metric _egress = null!, _egressMs = null!, _bulkEgress = null!, _bulkEgressEvents = null!, _bulkEgressMs = null!;
    private Metric _input = null!, _inputMs = null!, _output = null!, _outputMs = null!, _state = null!, _stateMs = null!;
    private Metric _configuration = null!, _configurationMs = null!, _secret = null!, _secretMs = null!, _conversation = null!, _conversationMs = null!;
    private Metric _jobDone = null!, _jobFailed = null!, _jobMs = null!;

    /// <summary>An attempt to bring one message to the app.</summary>
    /// <param name="processStatus">success, retry or drop.</param>
    public void Delivered(string component, string topic, string processStatus, string status, long began)
    {
        var labels = new LabelValues(component, processStatus, topic, status);
        _ingress.Count(labels);
        _ingressMs.Observe(Since(began), labels);
    }

    /// <summary>An attempt to bring a batch to the app, and what became of its messages.</summary>
    public void BatchDelivered(string component, string topic, int succeeded, int retried, int dropped, long began)
    {
        _bulkIngress.Count(new(component, "", topic));
        _bulkIngressMs.Observe(Since(began), new(component, "", topic));
        Events("success", succeeded);
        Events("retry", retried);
        Events("drop", dropped);

        void Events(string status, int count)
        {
            if (count > 0)
            {
                _bulkIngressEvents.Add(count, new(component, status, topic));
            }
        }
    }

    /// <summary>One message was published, or could not be.</summary>
    public void Published(string component, string topic, bool success, long began) =>
        Done(_egress, _egressMs, new(component, Flag(success), topic), began);

    /// <summary>Messages were published together; success: all of them.</summary>
    public void BatchPublished(string component, string topic, bool success, int taken, long began)
    {
        Done(_bulkEgress, _bulkEgressMs, new(component, Flag(success), topic), began);
        if (taken > 0)
        {
            _bulkEgressEvents.Add(taken, new(component, "true", topic));
        }
    }

    /// <summary>An event of an input binding was brought to the app.</summary>
    public void BindingDelivered(string component, bool success, long began) => Done(_input, _inputMs, new(component, Flag(success)), began);

    /// <summary>An output binding was called.</summary>
    public void BindingInvoked(string component, string operation, bool success, long began) =>
        Done(_output, _outputMs, new(component, operation, Flag(success)), began);

    /// <summary>A state store was asked.</summary>
    /// <param name="operation">get, set, delete, bulk_get, bulk_delete or transaction.</param>
    public void StateInvoked(string component, string operation, bool success, long began) =>
        Done(_state, _stateMs, new(component, operation, Flag(success)), began);

    /// <summary>A configuration store was asked.</summary>
    public void ConfigurationInvoked(string component, string operation, bool success, long began) =>
        Done(_configuration, _configurationMs, new(component, operation, Flag(success)), began);

    /// <summary>A secret store was asked.</summary>
    public void SecretInvoked(string component, string operation, bool success, long began) =>
        Done(_secret, _secretMs, new(component, operation, Flag(success)), began);

    /// <summary>A conversation component was asked.</summary>
    public void ConversationInvoked(string component, bool success, long began) =>
        Done(_conversation, _conversationMs, new(component, Flag(success)), began);

    /// <summary>A job of the scheduler was brought to the app.</summary>
    public void JobTriggered(bool success, long began)
    {
        (success ? _jobDone : _jobFailed).Count(new("job_trigger_op"));
        _jobMs.Observe(Since(began), new("job_trigger_op", Flag(success)));
    }

    private void Done(Metric count, Metric latency, LabelValues labels, long began)
    {
        count.Count(labels);
        latency.Observe(Since(began), labels);
    }

    private static string Flag(bool success) => success ? "true" : "false";

    private void AddComponents()
    {
        string[] ingress = ["component", "process_status", "topic", "status"], bulk = ["component", "process_status", "topic"];
        string[] egress = ["component", "success", "topic"], plain = ["component", "success"], operation = ["component", "operation", "success"];
        _ingress = NamespacedCounter("component_pubsub_ingress_count", "The number of incoming messages arriving from the pub/sub component.", ingress);
        _ingressMs = NamespacedLatency("component_pubsub_ingress_latencies", "The app processing latency of messages.", ingress);
        _bulkIngress = NamespacedCounter("component_pubsub_ingress_bulk_count", "The number of incoming bulk subscribe calls.", bulk);
        _bulkIngressEvents = NamespacedCounter("component_pubsub_ingress_bulk_event_count", "Total number of incoming messages in bulk subscribe calls.", bulk);
        _bulkIngressMs = NamespacedLatency("component_pubsub_ingress_bulk_latencies", "The app processing latency of bulk subscribe calls.", bulk);
        _egress = NamespacedCounter("component_pubsub_egress_count", "The number of outgoing messages published to the pub/sub component.", egress);
        _egressMs = NamespacedLatency("component_pubsub_egress_latencies", "The latency of the response from the pub/sub component.", egress);
        _bulkEgress = NamespacedCounter("component_pubsub_egress_bulk_count", "The number of bulk publish calls.", egress);
        _bulkEgressEvents = NamespacedCounter("component_pubsub_egress_bulk_event_count", "Total number of messages in bulk publish calls.", egress);
        _bulkEgressMs = NamespacedLatency("component_pubsub_egress_bulk_latencies", "The latency of bulk publish calls.", egress);
        _input = NamespacedCounter("component_input_binding_count", "The number of incoming events arriving from the input binding component.", plain);
        _inputMs = NamespacedLatency("component_input_binding_latencies", "The triggered app processing latency.", plain);
        _output = NamespacedCounter("component_output_binding_count", "The number of operations invoked on the output binding component.", operation);
        _outputMs = NamespacedLatency("component_output_binding_latencies", "The latency of the response from the output binding component.", operation);
        _state = NamespacedCounter("component_state_count", "The number of operations performed on the state component.", operation);
        _stateMs = NamespacedLatency("component_state_latencies", "The latency of the response from the state component.", operation);
        _configuration = NamespacedCounter("component_configuration_count", "The number of operations performed on the configuration component.", operation);
        _configurationMs = NamespacedLatency("component_configuration_latencies", "The latency of the response from the configuration component.", operation);
        _secret = NamespacedCounter("component_secret_count", "The number of operations performed on the secret component.", operation);
        _secretMs = NamespacedLatency("component_secret_latencies", "The latency of the response from the secret component.", operation);
        _conversation = NamespacedCounter("component_conversation_count", "The number of operations performed on the conversation component.", plain);
        _conversationMs = NamespacedLatency("component_conversation_latencies", "The latency of the response from the conversation component.", plain);
        _jobDone = NamespacedCounter("component_job_success_count", "The number of successful job executions.", "operation");
        _jobFailed = NamespacedCounter("component_job_failure_count", "The number of failed job executions.", "operation");
        _jobMs = NamespacedLatency("component_job_latencies", "The latency of the response from the job.", "operation", "success");
    }
}
