using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Xunit;
using Xunit.Abstractions;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>Malformed requests to every operation of the OpenAPI document, over sockets, signed in and not. ECO2_FUZZ_SEED repeats a run,
/// ECO2_FUZZ_REQUESTS makes it longer.</summary>
[Collection(UnderAttack.Name)]
public sealed class FuzzTests(AttackedSystem attacked, ITestOutputHelper output)
{
    private static readonly int Requests = Math.Max(10_000, Setting("ECO2_FUZZ_REQUESTS", 10_000));

    [Fact]
    public async Task Ten_thousand_malformed_requests_are_each_refused_in_order_and_harm_nothing()
    {
        var seed = Setting("ECO2_FUZZ_SEED", Environment.TickCount & int.MaxValue);
        output.WriteLine($"seed {seed}");
        var system = attacked.System;
        using var witness = await User.SignUpAsync(system);
        using var attacker = await User.SignUpAsync(system);
        using var victim = await User.SignUpAsync(system);
        var before = system.Processes.ToDictionary(process => process, system.Pid);
        var operations = ApiDocument.Operations;
        var wrong = new ConcurrentQueue<string>();
        var statuses = new ConcurrentDictionary<int, int>();

        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, ct) =>
        {
            var random = new Random(unchecked((seed * 31) + n));
            var operation = operations[n % operations.Count];
            // What ends sessions gets one that nobody needs.
            var who = operation.Path.Contains("logout", StringComparison.Ordinal) || operation.Name == "DELETE /api/v1/users/me" ? victim : attacker;
            var credentials = random.Next(3) == 0 ? "" : $"Authorization: {who.Http.DefaultRequestHeaders.Authorization}\r\n";
            var request = Malformed.Of(operation, credentials, random);
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(45));
            try
            {
                var answer = await RawHttp.SendAsync(system.Url, request.Bytes, request.Ends, deadline.Token);
                statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
                if (Complaint(request, answer) is { } complaint)
                {
                    wrong.Enqueue($"{n} {request.What}: {complaint}");
                }
            }
            catch (OperationCanceledException)
            {
                wrong.Enqueue($"{n} {request.What}: no answer in time");
            }
        });

        output.WriteLine(string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => $"{status.Key}: {status.Value}")));
        Assert.True(wrong.IsEmpty, $"seed {seed}, {wrong.Count} of {Requests}:\n{string.Join('\n', wrong.Take(40))}");
        Assert.Equal(before, system.Processes.ToDictionary(process => process, system.Pid));
        // Most got past the routes, and not everything was refused at the door.
        Assert.True(statuses.GetValueOrDefault(400) > Requests / 20, "hardly anything reached what reads bodies");
        Assert.True(statuses.GetValueOrDefault(429) < Requests / 20, "the limits were tested, not the apps");
        var job = await witness.SubmitAsync("생수병");
        Assert.Equal("done", (await witness.EventsAsync(job.StreamUrl))[^1].Stage);
    }

    private static string? Complaint(Malformed request, RawAnswer answer)
    {
        if (answer.Status >= 500)
        {
            return $"{answer.Status} {System.Text.Encoding.UTF8.GetString(answer.Body)}";
        }

        // Too much for the server below, before anything of ours is asked.
        if (((answer.Status is 0 or 400 && !request.IsHttp) || answer.Status is 414 or 431) && answer.Body.Length == 0)
        {
            return null;
        }

        if (answer.Status == 0)
        {
            return "the connection was closed";
        }

        if (answer.Status < 400 || request.What.StartsWith("HEAD ", StringComparison.Ordinal) || request.What.Contains(", method HEAD", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            var problem = JsonElement.Parse(answer.Body);
            return answer.Header("Content-Type").StartsWith("application/problem+json", StringComparison.Ordinal) && problem.GetProperty("status").GetInt32() == answer.Status && problem.GetProperty("type").GetString()!.Length > 0
                ? null
                : $"{answer.Status} is no problem document: {answer.Header("Content-Type")}";
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException)
        {
            return $"{answer.Status} is no problem document: {answer.Head.ReplaceLineEndings(" | ")} [{answer.Body.Length} bytes]";
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
