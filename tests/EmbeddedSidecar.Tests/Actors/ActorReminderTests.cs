using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.PubSub;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace EmbeddedSidecar.Tests.Actors;

public sealed class ActorReminderTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    [Fact]
    public async Task A_reminder_brings_its_data_and_empty_times_and_activates_its_actor()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await ActorSidecar.StartAsync(app);

        await RemindAsync(sidecar, "once", """{"data":"aGVsbG8=","dueTime":"0h0m0s10ms"}""");
        await RemindAsync(sidecar, "thrice", """{"data":{"n":1},"dueTime":"10ms","period":"R3/PT1S"}""");
        await RemindAsync(sidecar, "bare", """{"period":"50ms","ttl":"120ms"}""");
        await Eventually.TrueAsync(() => Reminded(app, "thrice") == 3 && Reminded(app, "bare") == 2, "all");
        await FenceAsync(sidecar, app, "1200ms");

        Assert.Equal("""{"data":"aGVsbG8=","dueTime":"","period":""}""", app.On("PUT /actors/T/1/method/remind/once").Single().Body);
        Assert.Equal((3, 2), (Reminded(app, "thrice"), Reminded(app, "bare")));
        Assert.Equal("""{"dueTime":"","period":""}""", app.On("PUT /actors/T/1/method/remind/bare").First().Body);
        await sidecar["app"].ActorAsync("GET", "T/1/reminders/thrice").RefusedAsync(404, "ERR_ACTOR_REMINDER_NOT_FOUND", "actor reminder not found: thrice");
    }

    [Fact]
    public async Task A_reminder_can_be_read_replaced_unless_forbidden_and_deleted()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await ActorSidecar.StartAsync(app);

        await RemindAsync(sidecar, "r", """{"data":"reminderdata","dueTime":"1h","period":"1m","ttl":"2552-01-01T00:00:00Z"}""");
        using var read = await sidecar["app"].ActorAsync("GET", "T/1/reminders/r");
        await sidecar["app"].ActorAsync("POST", "T/1/reminders/r", """{"dueTime":"1h","overwrite":false}""").RefusedAsync(409, "ERR_ACTOR_REMINDER_ALREADY_EXISTS", "actor reminder already exists: r");
        await sidecar["app"].ActorAsync("PUT", "T/1/reminders/r", """{"dueTime":"100ms","data":2}""").SucceededAsync();
        await RemindAsync(sidecar, "gone", """{"dueTime":"100ms"}""");
        await sidecar["app"].ActorAsync("DELETE", "T/1/reminders/gone").SucceededAsync();
        await sidecar["app"].ActorAsync("DELETE", "T/1/reminders/gone").SucceededAsync();
        await FenceAsync(sidecar, app, "300ms");

        Assert.Equal(
            """{"actorID":"1","actorType":"T","data":"reminderdata","dueTime":"1h","period":"@every 1m0s","ttl":"2552-01-01T00:00:00Z"}""" + "\n",
            await read.Content.ReadAsStringAsync());
        Assert.Equal("2", app.On("PUT /actors/T/1/method/remind/r").Single().Json.GetProperty("data").GetRawText());
        Assert.Equal(0, Reminded(app, "gone"));
    }

    [Theory]
    [InlineData("""{"dueTime":"1s","period":"P1D"}""", "unsupported period format: P1D")]
    [InlineData("""{"dueTime":"1s","period":"R2/P1W"}""", "unsupported period format: R2/P1W")]
    [InlineData("""{"dueTime":"1s","period":"often"}""", "unsupported period format: often")]
    [InlineData("""{"dueTime":"soon"}""", "due time format not recognized")]
    [InlineData("""{}""", "job must have either a due time or a schedule")]
    [InlineData("""{"dueTime":"2030-01-01T00:00:00Z","period":"1s","ttl":"2029-01-01T00:00:00Z"}""", "ttl must be greater than due time")]
    public async Task A_reminder_that_cannot_be_is_refused(string body, string why)
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await ActorSidecar.StartAsync(app);

        await sidecar["app"].ActorAsync("POST", "T/1/reminders/r", body).RefusedAsync(500, "ERR_ACTOR_REMINDER_CREATE", "error creating actor reminder: " + why);
    }

    [Fact]
    public async Task Reminders_are_only_for_types_that_are_hosted_here()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await ActorSidecar.StartAsync(app, new AppSettings { AppId = "other" });

        foreach (var (verb, body) in (IReadOnlyList<(string, string?)>)[("POST", """{"dueTime":"1s"}"""), ("GET", null), ("DELETE", null)])
        {
            await sidecar["other"].ActorAsync(verb, "T/1/reminders/r", body)
                .RefusedAsync(403, "ERR_ACTOR_REMINDER_NON_HOSTED", "operations on actor reminders are only possible on hosted actor types");
            await sidecar["app"].ActorAsync(verb, "Other/1/reminders/r", body).RefusedAsync(403, "ERR_ACTOR_REMINDER_NON_HOSTED", "hosted actor types");
        }
    }

    [Fact]
    public async Task A_failing_reminder_is_tried_again_as_its_policy_says_and_the_next_tick_comes_all_the_same()
    {
        await using var app = await ActorApp.StartAsync();
        app.Handle = (request, http) =>
        {
            http.Response.StatusCode = request.Line.EndsWith("/fence", StringComparison.Ordinal) ? 200 : request.Line.EndsWith("/missing", StringComparison.Ordinal) ? 404 : 500;
            return Task.CompletedTask;
        };
        await using var sidecar = await ActorSidecar.StartAsync(app);

        await RemindAsync(sidecar, "dropped", """{"dueTime":"0s","failure_policy":{"drop":{}}}""");
        await RemindAsync(sidecar, "tried", """{"dueTime":"0s","period":"R2/PT1S","failure_policy":{"constant":{"interval":"0.010s","maxRetries":2}}}""");
        await RemindAsync(sidecar, "missing", """{"dueTime":"0s","failure_policy":{"constant":{"interval":"0.010s","maxRetries":1}}}""");
        await Eventually.TrueAsync(async () => (int)(await sidecar["app"].ActorAsync("GET", "T/1/reminders/tried")).StatusCode == 404, "given up");
        await FenceAsync(sidecar, app, "100ms");

        Assert.Equal((1, 6, 2), (Reminded(app, "dropped"), Reminded(app, "tried"), Reminded(app, "missing")));
    }

    [Fact]
    public async Task An_app_that_wants_no_more_of_a_reminder_says_so_in_its_answer()
    {
        await using var app = await ActorApp.StartAsync();
        app.Handle = (_, http) =>
        {
            http.Response.Headers["X-DaprReminderCancel"] = "true";
            return Task.CompletedTask;
        };
        await using var sidecar = await ActorSidecar.StartAsync(app);

        await RemindAsync(sidecar, "r", """{"dueTime":"0s","period":"20ms"}""");
        await Eventually.TrueAsync(() => Reminded(app, "r") > 0, "once");
        await FenceAsync(sidecar, app, "200ms");

        Assert.Equal(1, Reminded(app, "r"));
    }

    [Fact]
    public async Task Reminders_go_on_after_a_restart_of_the_sidecar_and_of_the_app()
    {
        await using var app = await ActorApp.StartAsync();
        await using (var before = await ActorSidecar.StartAsync(OnRedis(), new AppSettings { AppId = "again", AppPort = app.Port }))
        {
            await before["again"].ActorAsync("POST", "T/1/reminders/counted", """{"dueTime":"0s","period":"R3/PT1S","data":{"n":1}}""").SucceededAsync();
            await before["again"].ActorAsync("POST", "T/1/reminders/later", """{"dueTime":"500ms","data":"x"}""").SucceededAsync();
            await Eventually.TrueAsync(() => Reminded(app, "counted") == 1, "the first");
        }

        // Overdue when the sidecar is back, and still nobody there to be told.
        await app.DownAsync();
        await using var after = await SidecarFixture.StartAsync(OnRedis(), new AppSettings { AppId = "again", AppPort = app.Port });
        await app.UpAsync();
        await Eventually.TrueAsync(() => Reminded(app, "counted") == 3 && Reminded(app, "later") == 1, "the rest");
        await FenceAsync(after, app, "100ms", "again");

        Assert.Equal((3, 1), (Reminded(app, "counted"), Reminded(app, "later")));
        Assert.All(app.On("PUT /actors/T/1/method/remind/counted"), one => Assert.Equal("""{"data":{"n":1},"dueTime":"","period":""}""", one.Body));
    }

    [Fact]
    public async Task Reminders_over_grpc_carry_bytes_as_base64_and_are_listed_and_deleted_by_type()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await ActorSidecar.StartAsync(app);
        using var wire = new GrpcWire(sidecar["app"].GrpcEndpoint);
        var reminder = new RegisterActorReminderRequest { ActorType = "T", ActorId = "1", Name = "a", DueTime = "10ms", Data = ByteString.CopyFromUtf8("hi") };
        var later = new RegisterActorReminderRequest(reminder) { Name = "b", DueTime = "1h", Period = "1h" };

        await wire.UnaryAsync<Empty>(Service + "RegisterActorReminder", reminder);
        await wire.UnaryAsync<Empty>(Service + "RegisterActorReminder", later);
        await wire.UnaryAsync<Empty>(Service + "RegisterActorReminder", new RegisterActorReminderRequest(later) { ActorId = "2" });
        var exists = await Assert.ThrowsAsync<WireException>(() => wire.UnaryAsync<Empty>(Service + "RegisterActorReminder", new RegisterActorReminderRequest(later) { Overwrite = false }));
        await Eventually.TrueAsync(() => Reminded(app, "a") == 1, "delivered");
        var read = await wire.UnaryAsync<GetActorReminderResponse>(Service + "GetActorReminder", new GetActorReminderRequest { ActorType = "T", ActorId = "1", Name = "b" });
        var missing = await Assert.ThrowsAsync<WireException>(
            () => wire.UnaryAsync<GetActorReminderResponse>(Service + "GetActorReminder", new GetActorReminderRequest { ActorType = "T", ActorId = "1", Name = "c" }));
        var listed = await wire.UnaryAsync<ListActorRemindersResponse>(Service + "ListActorReminders", new ListActorRemindersRequest { ActorType = "T" });
        await wire.UnaryAsync<Empty>(Service + "UnregisterActorRemindersByType", new UnregisterActorRemindersByTypeRequest { ActorType = "T", ActorId = "2" });
        var ofOne = await wire.UnaryAsync<ListActorRemindersResponse>(Service + "ListActorReminders", new ListActorRemindersRequest { ActorType = "T" });
        await wire.UnaryAsync<Empty>(Service + "UnregisterActorReminder", new UnregisterActorReminderRequest { ActorType = "T", ActorId = "1", Name = "b" });
        var none = await wire.UnaryAsync<ListActorRemindersResponse>(Service + "ListActorReminders", new ListActorRemindersRequest { ActorType = "T", ActorId = "1" });

        Assert.Equal("aGk=", app.On("PUT /actors/T/1/method/remind/a").Single().Json.GetProperty("data").GetString());
        Assert.Equal((6, 5), (exists.Code, missing.Code));
        Assert.Equal(("T", "1", "1h", "@every 1h0m0s"), (read.ActorType, read.ActorId, read.DueTime, read.Period));
        Assert.Equal("\"aGk=\"", read.Data.Unpack<BytesValue>().Value.ToStringUtf8());
        Assert.Equal([("b", "1"), ("b", "2")], listed.Reminders.Select(one => (one.Name, one.Reminder.ActorId)));
        Assert.Equal("1", Assert.Single(ofOne.Reminders).Reminder.ActorId);
        Assert.Empty(none.Reminders);
    }

    private static int Reminded(ActorApp app, string name) => app.On($"PUT /actors/T/1/method/remind/{name}").Count();

    private static Task RemindAsync(SidecarFixture sidecar, string name, string body) =>
        sidecar["app"].ActorAsync("POST", $"T/1/reminders/{name}", body).SucceededAsync();

    private static async Task FenceAsync(SidecarFixture sidecar, ActorApp app, string after, string appId = "app")
    {
        await sidecar[appId].ActorAsync("PUT", "T/fence/reminders/fence", $$"""{"dueTime":"{{after}}"}""").SucceededAsync();
        await Eventually.TrueAsync(() => app.On("PUT /actors/T/fence/method/remind/fence").Any(), "the fence");
    }

    private string OnRedis() => SidecarFixture.Component("state", "state.redis", $"redisHost: {redis.Host}", "actorStateStore: true");
}
