using Eco2.Contracts;
using Eco2.Edge;
using Eco2.Gateway.Forwarding;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Eco2.Gateway;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("gateway", ContractsJson.Default, edge: true);

        builder.AddEdge(always: true);
        builder.Services.AddOptions<GatewayOptions>().BindConfiguration("Gateway").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<Cors>().AddSingleton<Forwarder>();
        builder.Services.AddSingleton<IConfigureOptions<KestrelServerOptions>, Server>();

        adjust?.Invoke(builder);
        var app = builder.Build();
        app.Use(app.Services.GetRequiredService<Cors>().HandleAsync);
        app.UseEco2();
        Pages.Map(app);
        ApiDescription.Map(app);
        app.MapEdge();
        Forwarder.Map(app);
        return app;
    }
}
