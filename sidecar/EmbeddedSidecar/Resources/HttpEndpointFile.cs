namespace EmbeddedSidecar.Resources;

/// <summary>An HTTPEndpoint before secrets are put in.</summary>
/// <param name="Values">Its headers, as if it were a component with such metadata.</param>
internal sealed record HttpEndpointResource(string BaseUrl, ComponentResource Values);

/// <summary>Reads an HTTPEndpoint.</summary>
internal static class HttpEndpointFile
{
    public static HttpEndpointResource Read(YamlMap document, string name)
    {
        document.RefuseOthers("an HTTPEndpoint", "apiVersion", "kind", "metadata", "spec", "scopes", "auth");
        var spec = document.Map("spec") ?? throw document.Refuse("spec", "is missing");
        // Not clientTLS: an authority of one's own, or a certificate to show.
        spec.RefuseOthers("an HTTPEndpoint's spec", "baseUrl", "headers");
        var url = spec.Required("baseUrl");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw spec.Refuse("baseUrl", "is no address such as https://example.com");
        }

        return new HttpEndpointResource(
            url,
            new ComponentResource(name, "HTTPEndpoint", "", document.File, [.. spec.Maps("headers").Select(ComponentFile.Entry)], document.Map("auth")?.Text("secretStore"), false, null));
    }
}
