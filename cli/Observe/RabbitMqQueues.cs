using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Eco2.Cli.Observe;

/// <summary>How many messages lie in queues. RabbitMQ tells that to whoever declares one that is there; it tells neither their age nor who holds how many.</summary>
internal sealed class RabbitMqQueues(string url) : IAsyncDisposable
{
    private IConnection? connection;

    /// <summary>Null where there is no such queue, or no server.</summary>
    public async Task<long?> WaitingAsync(string queue, CancellationToken ct)
    {
        try
        {
            if (connection is not { IsOpen: true })
            {
                await DisposeAsync();
                var factory = new ConnectionFactory { Uri = new Uri(url), AutomaticRecoveryEnabled = false, ClientProvidedName = "eco2 up --observe", RequestedConnectionTimeout = TimeSpan.FromSeconds(1) };
                connection = await factory.CreateConnectionAsync(ct);
            }

            // The server closes the channel of whoever asks for what is not there.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            return (await channel.QueueDeclarePassiveAsync(queue, ct)).MessageCount;
        }
        catch (Exception absent) when (absent is OperationInterruptedException or BrokerUnreachableException or AlreadyClosedException or IOException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
            connection = null;
        }
    }
}
