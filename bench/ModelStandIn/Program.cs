using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Eco2.ModelStandIn;

/// <summary>A model server for load and for faults: speaks OpenAI's chat API, thinks for as long as it is told, and fails as often as it is told.</summary>
internal static class Program
{
    private static async Task Main(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = ChatCall.MostBytes;
            kestrel.Limits.MaxRequestBufferSize = ChatCall.MostBytes;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.AddServerHeader = false;
            kestrel.ListenLocalhost(int.Parse(builder.Configuration["port"] ?? "0", CultureInfo.InvariantCulture), listen => listen.Protocols = HttpProtocols.Http1);
        });
        await using var app = builder.Build();
        var clock = TimeProvider.System;
        var behaviour = new Behaviour(Settings.From(builder.Configuration));
        var book = new CallBook();
        var control = new Control(behaviour, book);
        var chat = new ChatCall(behaviour, book, clock);

        // No routing table: nearly every request is the first case, and it shares two processors with what it measures.
        app.Run(http => http.Request.Path.Value switch
        {
            "/v1/chat/completions" => chat.AnswerAsync(http),
            _ => control.AnswerAsync(http),
        });
        await app.StartAsync();
        Console.WriteLine($"The model stand-in listens on {app.Urls.First()}");
        await app.WaitForShutdownAsync();
    }
}
