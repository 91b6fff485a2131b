using EmbeddedSidecar.Components;
using EmbeddedSidecar.RabbitMq;
using RabbitMQ.Client;

namespace EmbeddedSidecar.PubSub.RabbitMq;

/// <summary>Publishes for one component over one channel, many messages at once; opens the next channel when one breaks.</summary>
internal sealed class RabbitMqPublisher(RabbitMqConnection connection, RabbitMqOptions options, TimeProvider clock) : IAsyncDisposable
{
    private const int MostAttempts = 3;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private IChannel? _channel;

    // What is known to exist, as long as this channel lives: an exchange that went away closes it.
    private volatile HashSet<string> _declared = [];

    /// <summary>Returns when the server has confirmed the message, or, without publisherConfirm, when it is on its way.</summary>
    /// <exception cref="BackendException">Three attempts failed.</exception>
    public async Task PublishAsync(string topic, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var channel = await ChannelAsync(topic, ct);
                await channel.BasicPublishAsync(topic, routingKey, mandatory: false, properties, data, ct);
                return;
            }
            catch (Exception failed) when (failed is BackendException || RabbitMqConnection.IsFailure(failed, ct))
            {
                if (attempt == MostAttempts)
                {
                    throw failed as BackendException ?? connection.Failed(failed);
                }

                // A channel breaks alone when the exchange was deleted; the next one is open at once. A server that is away takes its time.
                if (failed is BackendException)
                {
                    await Task.Delay(options.ReconnectWait, clock, ct);
                }
            }
        }
    }

    /// <exception cref="BackendException">The server cannot be reached, or refuses us.</exception>
    public async Task OpenAsync(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            await OpenChannelAsync(ct);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is { } channel)
        {
            await CloseAsync(channel);
        }

        _gate.Dispose();
    }

    private async ValueTask<IChannel> ChannelAsync(string topic, CancellationToken ct)
    {
        if (_channel is { IsOpen: true } open && _declared.Contains(topic))
        {
            return open;
        }

        await _gate.WaitAsync(ct);
        try
        {
            if (_channel is not { IsOpen: true })
            {
                await OpenChannelAsync(ct);
            }

            var channel = _channel!;
            if (!_declared.Contains(topic))
            {
                await RabbitMqQueue.DeclareExchangeAsync(channel, topic, options, ct);
                _declared = [.. _declared, topic];
            }

            return channel;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task OpenChannelAsync(CancellationToken ct)
    {
        if (_channel is { } broken)
        {
            _channel = null;
            await CloseAsync(broken);
        }

        _declared = [];
        _channel = await connection.OpenChannelAsync(new CreateChannelOptions(options.PublisherConfirm, options.PublisherConfirm), ct);
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
}
