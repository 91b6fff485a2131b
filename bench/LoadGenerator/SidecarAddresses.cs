using System.CommandLine;

namespace Eco2.LoadGenerator;

/// <summary>Whose sidecars jobs and their events go through. The token comes by DAPR_API_TOKEN: arguments can be seen by everybody.</summary>
internal sealed class SidecarAddresses
{
    private readonly Option<string> worker = new("--worker-sidecar") { Description = "HTTP address of the worker's sidecar.", Required = true };
    private readonly Option<string> router = new("--router-sidecar") { Description = "HTTP address of the event router's sidecar.", Required = true };

    public void AddTo(Command command)
    {
        command.Add(worker);
        command.Add(router);
    }

    public Jobs Open(ParseResult parse) =>
        new(new Uri(parse.GetValue(worker)!), new Uri(parse.GetValue(router)!), Environment.GetEnvironmentVariable("DAPR_API_TOKEN") ?? "", TimeProvider.System);
}
