using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Api;

/// <summary>The building blocks this sidecar does not have yet: each says so by name. A block that is added takes its paths from here.</summary>
internal sealed class UnimplementedBlock : IBuildingBlock
{
    public void MapHttp(HttpRoutes routes)
    {
        foreach (var (api, paths) in (IReadOnlyList<(string, string[])>)
        [
            ("the cryptography API", ["/v1.0-alpha1/crypto/{*rest}", "/v1.0-alpha1/subtlecrypto/{*rest}"]),
        ])
        {
            foreach (var path in paths)
            {
                routes.Map("*", path, _ => throw DaprException.Unimplemented(api));
            }
        }
    }
}
