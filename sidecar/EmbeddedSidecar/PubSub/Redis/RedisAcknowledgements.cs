using System.Threading.Channels;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.PubSub.Redis;

/// <summary>Tells Redis what is done: while one XACK travels, the next one gathers. Nothing is forgotten while Redis is away.</summary>
internal sealed partial class RedisAcknowledgements : IAsyncDisposable
{
    private const int MostAtOnce = 1000;
    private static readonly TimeSpan _retryAfter = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _lastTry = TimeSpan.FromSeconds(3);

    private readonly Channel<string> _done = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _giveUp = new();
    private readonly RedisConsumerGroup _group;
    private readonly Action<string> _acknowledged;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Task _loop;

    public RedisAcknowledgements(RedisConsumerGroup group, Action<string> acknowledged, TimeProvider clock, ILogger log)
    {
        (_group, _acknowledged, _clock, _log) = (group, acknowledged, clock, log);
        _loop = SendAsync();
    }

    public void Add(string id) => _done.Writer.TryWrite(id);

    /// <summary>Sends what is left; waits only so long for a Redis that is away.</summary>
    public async ValueTask DisposeAsync()
    {
        _done.Writer.Complete();
        _giveUp.CancelAfter(_lastTry);
        await _loop;
        _giveUp.Dispose();
    }

    private async Task SendAsync()
    {
        var ids = new List<string>();
        while (await _done.Reader.WaitToReadAsync())
        {
            while (ids.Count < MostAtOnce && _done.Reader.TryRead(out var id))
            {
                ids.Add(id);
            }

            await SendUntilAnsweredAsync(ids);
            ids.ForEach(_acknowledged);
            ids.Clear();
        }
    }

    private async Task SendUntilAnsweredAsync(List<string> ids)
    {
        while (true)
        {
            try
            {
                await _group.AcknowledgeAsync(ids, _giveUp.Token);
                return;
            }
            catch (Exception away) when (away is RedisUnavailableException || away.Message.StartsWith("LOADING", StringComparison.Ordinal))
            {
                await Task.Delay(_retryAfter, _clock, _giveUp.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (_giveUp.IsCancellationRequested)
                {
                    NotAcknowledged(_log, ids.Count, _group.Topic, away.Message);
                    return;
                }
            }
            catch (Exception refused) when (refused is RedisReplyException or OperationCanceledException)
            {
                NotAcknowledged(_log, ids.Count, _group.Topic, refused.Message);
                return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} handled messages of stream {Topic} could not be acknowledged and will come again: {Reason}")]
    private static partial void NotAcknowledged(ILogger log, int count, string topic, string reason);
}
