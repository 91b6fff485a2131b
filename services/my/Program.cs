namespace Eco2.My;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        adjust?.Invoke(builder);
        return builder.Build();
    }
}
