using Eco2.Scan.Scans;
using Eco2.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Eco2.Services.Tests.Scan;

/// <summary>How long the oldest scan has been on its way, which is what tells that workers do not keep up.</summary>
public sealed class QueueAgeTests(SmallUsersFixture fixture) : IClassFixture<SmallUsersFixture>
{
    private readonly Submitter submit = new(fixture);

    [Fact]
    public async Task The_age_of_the_queue_is_that_of_the_oldest_scan_that_has_not_ended()
    {
        var user = Guid.CreateVersion7();
        var inFlight = fixture.Scan.Services.GetRequiredService<InFlight>();
        var first = await submit.AcceptedAsync(user);
        var began = TimeProvider.System.GetTimestamp();
        await Eventually.TrueAsync(() => inFlight.OldestAge > TimeSpan.FromSeconds(1.5), "the first scan gets old");
        var oldest = inFlight.OldestAge;

        var second = await submit.AcceptedAsync(user);
        var with = inFlight.OldestAge;
        await submit.FinishAsync(first);

        Assert.InRange(oldest, TimeSpan.FromSeconds(1.5), TimeProvider.System.GetElapsedTime(began) + TimeSpan.FromSeconds(5));
        Assert.True(with >= oldest);
        await Eventually.TrueAsync(() => inFlight.OldestAge < with, "only the second is left");
        await submit.FinishAsync(second);
        await Eventually.TrueAsync(() => inFlight.OldestAge == TimeSpan.Zero, "nothing is left");
    }
}
