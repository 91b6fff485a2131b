using Dapr.Actors;
using Dapr.Actors.Runtime;

namespace Dapr.Sdk.Tests;

/// <summary>Its ids on the wire come from these names: they were measured with the official package 1.18.5.</summary>
public interface ICounter : IActor
{
    Task<int> AddAsync(int amount, CancellationToken cancellationToken = default);

    Task<Receipt> BuyAsync(string item, int count);

    Task ResetAsync();

    Task FailAsync(string reason);
}

public sealed class Receipt
{
    public string Item { get; set; } = "";

    public int Count { get; set; }
}

public class Counter(ActorHost host, CounterLog log) : Actor(host), ICounter, IRemindable, IAsyncDisposable
{
    public async Task<int> AddAsync(int amount, CancellationToken cancellationToken) =>
        await StateManager.AddOrUpdateStateAsync("count", amount, (_, count) => count + amount, cancellationToken);

    public Task<Receipt> BuyAsync(string item, int count) => Task.FromResult(new Receipt { Item = item, Count = count });

    public async Task ResetAsync()
    {
        await StateManager.SetStateAsync("한 이름+", "값+<", TimeSpan.FromSeconds(60));
        await StateManager.TryRemoveStateAsync("count");
        await RegisterReminderAsync("r", [0xFB, 0xFF, 0xFE], TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(90), 3, TimeSpan.FromDays(2));
        await RegisterReminderAsync("r2", null!, TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(-1));
        await RegisterTimerAsync("t", nameof(OnTimerAsync), [0xFB, 0xFF, 0xFE], TimeSpan.FromMilliseconds(1500), TimeSpan.FromMilliseconds(-1));
        await RegisterTimerAsync("t2", nameof(OnTimerAsync), null!, TimeSpan.Zero, TimeSpan.FromDays(1), TimeSpan.FromDays(3));
        await UnregisterReminderAsync("r");
        await UnregisterTimerAsync("t");
    }

    public async Task FailAsync(string reason)
    {
        await StateManager.SetStateAsync("count", -1);
        throw new InvalidOperationException(reason);
    }

    public Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        log.Add($"reminder {reminderName} {Convert.ToHexString(state)} {dueTime.TotalMilliseconds} {period.TotalMilliseconds}");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        log.Add("disposed");
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected override Task OnActivateAsync()
    {
        log.Add("activated");
        return Task.CompletedTask;
    }

    protected override Task OnDeactivateAsync()
    {
        log.Add("deactivated");
        return Task.CompletedTask;
    }

    protected override Task OnPreActorMethodAsync(ActorMethodContext actorMethodContext)
    {
        log.Add($"before {actorMethodContext.CallType} {actorMethodContext.MethodName}");
        return Task.CompletedTask;
    }

    protected override Task OnActorMethodFailedAsync(ActorMethodContext actorMethodContext, Exception e)
    {
        log.Add($"failed {e.Message}");
        return Task.CompletedTask;
    }

    private async Task OnTimerAsync(byte[] data)
    {
        log.Add($"timer {Convert.ToHexString(data)}");
        await StateManager.SetStateAsync("ticks", data.Length);
    }
}

/// <summary>What an actor went through. One per scope, so that a test sees scopes begin and end.</summary>
public sealed class CounterLog(List<string> lines) : IDisposable
{
    public void Add(string line) => lines.Add(line);

    public void Dispose() => lines.Add("scope ended");
}
