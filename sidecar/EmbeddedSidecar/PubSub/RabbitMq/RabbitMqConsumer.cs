using System.Text;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.RabbitMq;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace EmbeddedSidecar.PubSub.RabbitMq;

/// <summary>One consumer of a queue on a channel of its own, from the moment it began until the channel, the queue or the subscription ends.</summary>
internal sealed partial class RabbitMqConsumer : AsyncDefaultBasicConsumer, IAsyncDisposable
{
    private readonly RabbitMqQueue _queue;
    private readonly RabbitMqOptions _options;
    private readonly MessageHandler _handler;
    private readonly ILogger _log;
    private readonly RunningHandlers _running = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _tag;
    private readonly Lock _gate = new();
    private bool _closed;

    private RabbitMqConsumer(IChannel channel, RabbitMqQueue queue, RabbitMqOptions options, MessageHandler handler, ILogger log)
        : base(channel)
    {
        (_queue, _options, _handler, _log) = (queue, options, handler, log);
        // AMQP allows 255 bytes; what makes it unique stands at the end.
        var tag = $"{queue.Name}-{Guid.CreateVersion7()}";
        while (Encoding.UTF8.GetByteCount(tag) > byte.MaxValue)
        {
            tag = tag[1..];
        }

        _tag = tag;
    }

    /// <summary>Why messages no longer come; completes when the server ended the consumer or its channel.</summary>
    public Task<string> Ended => _ended.Task;

    /// <summary>Declares what is missing and begins to consume.</summary>
    /// <exception cref="BackendException">The server cannot be reached, or refuses.</exception>
    public static async Task<RabbitMqConsumer> StartAsync(
        RabbitMqConnection connection, RabbitMqQueue queue, RabbitMqOptions options, MessageHandler handler, ILogger log, CancellationToken ct)
    {
        var channel = await connection.OpenChannelAsync(new CreateChannelOptions(false, false), ct);
        try
        {
            await queue.DeclareAsync(channel, ct);
            if (options.PrefetchCount > 0)
            {
                await channel.BasicQosAsync(0, options.PrefetchCount, global: false, ct);
            }

            var consumer = new RabbitMqConsumer(channel, queue, options, handler, log);
            await channel.BasicConsumeAsync(queue.Name, options.AutoAck, consumer._tag, noLocal: false, exclusive: false, arguments: null, consumer, ct);
            return consumer;
        }
        catch (Exception failed)
        {
            await CloseAsync(channel);
            if (RabbitMqConnection.IsFailure(failed, ct))
            {
                throw connection.Failed(failed);
            }

            throw;
        }
    }

    /// <summary>Takes no more messages, waits for the handlers that run, and closes the channel: what was not acknowledged goes back into the queue.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed = true;
        }

        await _stopping.CancelAsync();
        try
        {
            await Channel.BasicCancelAsync(_tag);
        }
        catch (Exception gone) when (RabbitMqConnection.IsFailure(gone) || gone is OperationCanceledException)
        {
            // Nothing to cancel.
        }

        await _running.AllDoneAsync();
        await CloseAsync(Channel);
        _stopping.Dispose();
    }

    public override async Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
        IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _running.Enter();
        }

        // The client uses the body's memory again as soon as this returns.
        var message = new BrokerMessage(_queue.Topic, body.ToArray(), _options.PropertiesToMetadata ? MessageProperties.Metadata(properties) : new Dictionary<string, string>());
        var handling = HandleAsync(message, deliveryTag);
        if (_options.IsSingle)
        {
            await handling;
        }
    }

    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _ended.TrySetResult("the queue was deleted");
        return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
    }

    public override Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        _ended.TrySetResult(reason.ReplyText);
        return base.HandleChannelShutdownAsync(channel, reason);
    }

    private async Task HandleAsync(BrokerMessage message, ulong deliveryTag)
    {
        try
        {
            var handled = await _handler(message, _stopping.Token);
            if (!_options.AutoAck)
            {
                await (handled switch
                {
                    Handled.Done => Channel.BasicAckAsync(deliveryTag, multiple: false),
                    Handled.Failed => Channel.BasicNackAsync(deliveryTag, multiple: false, _options.RequeueInFailure),
                    _ => Channel.BasicNackAsync(deliveryTag, multiple: false, requeue: true),
                });
            }
        }
        catch (Exception gone) when (RabbitMqConnection.IsFailure(gone))
        {
            NotAcknowledged(_log, _queue.Name, gone.Message);
        }
        finally
        {
            _running.Leave();
        }
    }

    private static async Task CloseAsync(IChannel channel)
    {
        try
        {
            await channel.DisposeAsync();
        }
        catch (Exception alreadyGone) when (RabbitMqConnection.IsFailure(alreadyGone) || alreadyGone is OperationCanceledException)
        {
            // It broke before.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message of queue {Queue} was handled but not acknowledged, so it will come again: {Reason}")]
    private static partial void NotAcknowledged(ILogger log, string queue, string reason);
}
