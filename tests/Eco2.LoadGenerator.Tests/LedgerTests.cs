using Xunit;

namespace Eco2.LoadGenerator.Tests;

public sealed class LedgerTests
{
    private static readonly Account Somebody = new() { Email = "a@eco2.example", Password = "" };

    [Fact]
    public void A_whole_stream_is_right()
    {
        var stream = Seen((1, "queued"), (2, "vision"), (3, "done"));

        Assert.Empty(stream.Wrongs);
        Assert.Equal(("done", 3), (stream.Terminal, stream.LastSeq));
    }

    [Fact]
    public void A_gap_is_found_once() => Assert.Equal(["event 3 vision came after event 1"], Seen((1, "queued"), (3, "vision"), (4, "rule")).Wrongs);

    [Fact]
    public void A_repeat_is_found() => Assert.Equal(["event 2 vision came after event 2"], Seen((1, "queued"), (2, "vision"), (2, "vision"), (3, "rule")).Wrongs);

    [Fact]
    public void A_second_terminal_event_is_found()
    {
        var stream = Seen((1, "queued"), (2, "done"), (3, "failed"));

        Assert.Equal(["event 3 failed came after the terminal event 2 done"], stream.Wrongs);
        Assert.Equal("done", stream.Terminal);
    }

    [Fact]
    public void A_key_that_made_two_jobs_is_remembered_with_both()
    {
        var ledger = new Ledger();
        var (first, second) = (Guid.CreateVersion7(DateTimeOffset.UnixEpoch), Guid.CreateVersion7(DateTimeOffset.UnixEpoch));
        ledger.Accepted(first, Somebody, "key");
        var again = ledger.Accepted(first, Somebody, "key");
        Assert.Empty(ledger.Broken);

        ledger.Accepted(second, Somebody, "key");

        Assert.Same(ledger.Jobs.First(job => job.JobId == first), again);
        Assert.Equal((second, "accepted once"), (ledger.Broken.Single().JobId, ledger.Broken.Single().Rule));
    }

    private static StreamRecord Seen(params (int Seq, string Event)[] frames)
    {
        var stream = new Ledger().Accepted(Guid.CreateVersion7(DateTimeOffset.UnixEpoch), Somebody, "key").OpenStream();
        foreach (var (seq, name) in frames)
        {
            stream.Take(new Frame(seq, name));
        }

        return stream;
    }
}
