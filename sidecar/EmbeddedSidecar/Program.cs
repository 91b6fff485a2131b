namespace EmbeddedSidecar;

internal static class Program
{
    private static Task Main(string[] args) => WebApplication.CreateSlimBuilder(args).Build().RunAsync();
}
