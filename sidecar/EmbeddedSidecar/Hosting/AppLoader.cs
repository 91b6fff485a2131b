using System.Security.Cryptography;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Resources;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Hosting;

/// <summary>Makes an app instance: reads its resources, makes and opens its components.</summary>
internal sealed partial class AppLoader(HostServices services, ComponentRegistry types, HttpMessageInvoker http, ILogger<AppLoader> log)
{
    private static readonly TimeSpan DefaultInitTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Reads files and makes objects; no I/O beyond the files.</summary>
    /// <exception cref="SidecarConfigurationException">A file says something that cannot be honoured.</exception>
    public AppInstance Load(AppSettings settings, CancellationToken stopping)
    {
        var reader = new ResourceReader(settings.AppId, settings.Variable("NAMESPACE"));
        foreach (var folder in settings.ResourcePaths)
        {
            reader.Folder(folder);
        }

        if (settings.InlineResources is { } inline)
        {
            using var text = new StringReader(inline);
            reader.Documents(text, "inline resources");
        }

        if (settings.ConfigFile is { } config)
        {
            reader.ConfigurationFile(config);
        }

        var resources = reader.Result();
        var metrics = settings.MetricsPort is not null && resources.Configuration.Metrics.Enabled
            ? new DaprMetrics(settings.AppId, "default", resources.Configuration.Metrics.LatencyBuckets, services.Clock)
            : null;
        return new AppInstance(settings, services, stopping)
        {
            Metrics = metrics,
            Tracer = resources.Configuration.Tracing.In(settings) is { } tracing ? Tracer(settings.AppId, tracing) : null,
            Channel = new AppChannel(settings, http) { Metrics = metrics },
            Resources = resources,
            Resiliency = new Resiliency.ResiliencyPolicies(resources.Resiliencies, services.Clock, metrics),
        };
    }

    /// <summary>Makes and opens the components: secret stores first, since others may refer to them.</summary>
    public async Task OpenAsync(AppInstance app, CancellationToken ct)
    {
        var (secretStores, others) = Split(app.Resources.Components);
        foreach (var group in (IReadOnlyList<ComponentResource>[])[secretStores, others])
        {
            var made = new List<(ComponentResource Resource, LoadedComponent Loaded)>();
            foreach (var resource in group)
            {
                try
                {
                    made.Add((resource, await MakeAsync(app, resource, ct)));
                }
                catch (SidecarConfigurationException wrong) when (resource.IgnoreErrors)
                {
                    LeaveOut(app, resource, wrong);
                }
            }

            await Task.WhenAll(made.Select(one => OpenAsync(app, one.Resource, one.Loaded, ct)));
            foreach (var (resource, loaded) in made.Where(one => !app.LeftOut.Contains(one.Resource.Name)))
            {
                if (!app.Components.TryAdd(resource.Name, loaded))
                {
                    throw new SidecarConfigurationException($"{resource.File}: a component named \"{resource.Name}\" is already defined.");
                }
            }
        }

        foreach (var endpoint in app.Resources.HttpEndpoints)
        {
            var values = await new ComponentValues(app, log).FillAsync(endpoint.Values, ct, withTemplates: false);
            app.HttpEndpoints.Add(values.Name, new Invoke.HttpEndpoint(endpoint.BaseUrl, values.Metadata, Follows: true) { Own = await ClientAsync(app, endpoint, ct) });
        }
    }

    // An endpoint with certificates of its own has connections of its own.
    private async Task<HttpMessageInvoker?> ClientAsync(AppInstance app, HttpEndpointResource endpoint, CancellationToken ct)
    {
        if (endpoint.Tls is null)
        {
            return null;
        }

        var pem = (await new ComponentValues(app, log).FillAsync(endpoint.Tls, ct, withTemplates: false)).Metadata;
        try
        {
            var tls = ClientTls.Of(Given("rootCA"), Given("certificate"), Given("privateKey")).Options();
            tls.AllowRenegotiation = endpoint.Renegotiates;
            return Invoke.HttpEndpoint.Client(tls);
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or ArgumentException)
        {
            throw new SidecarConfigurationException(
                $"{endpoint.Tls.File}: HTTPEndpoint \"{endpoint.Tls.Name}\": clientTLS holds what is no certificate or not its key: {unreadable.Message}", unreadable);
        }

        string? Given(string name) => pem.GetValueOrDefault(name) is { Length: > 0 } text ? text : null;
    }

    private async Task<LoadedComponent> MakeAsync(AppInstance app, ComponentResource resource, CancellationToken ct)
    {
        var spec = await new ComponentValues(app, log).FillAsync(resource, ct);
        return new LoadedComponent(spec, types.Create(new ComponentContext(new ComponentMetadata(spec), app, services)));
    }

    // Then there is no such component: whoever calls it hears what daprd says of a name it does not know.
    private void LeaveOut(AppInstance app, ComponentResource resource, SidecarConfigurationException why)
    {
        lock (app.LeftOut)
        {
            app.LeftOut.Add(resource.Name);
            app.StateStores.Remove(resource.Name);
        }

        app.Metrics?.ComponentFailed(resource.Type, resource.Name);
        Ignored(log, why.Message);
    }

    // Apart, so that a process without spans does not load what makes them.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private AppTracer Tracer(string appId, TracingSpec tracing) => new(appId, tracing, services.Logs.CreateLogger<AppTracer>());

    private static (List<ComponentResource> SecretStores, List<ComponentResource> Others) Split(IReadOnlyList<ComponentResource> resources)
    {
        var secretStores = resources.Where(resource => resource.Type.StartsWith("secretstores.", StringComparison.Ordinal)).ToList();
        return (secretStores, [.. resources.Except(secretStores)]);
    }

    private async Task OpenAsync(AppInstance app, ComponentResource resource, LoadedComponent loaded, CancellationToken ct)
    {
        var spec = loaded.Spec;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(spec.InitTimeout ?? DefaultInitTimeout);
        try
        {
            await loaded.Component.OpenAsync(limit.Token);
            app.Metrics?.ComponentLoaded(spec.Type);
        }
        catch (Exception failed) when (failed is BackendException or IOException or UnauthorizedAccessException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            var why = failed is OperationCanceledException ? "it did not open in time" : failed.Message;
            var refused = new SidecarConfigurationException($"{spec.File}: component \"{spec.Name}\" ({spec.Type}) cannot be opened: {why}", failed);
            if (!spec.IgnoreErrors)
            {
                throw refused;
            }

            await loaded.Component.DisposeAsync();
            LeaveOut(app, resource, refused);
        }
        catch (SidecarConfigurationException wrong) when (spec.IgnoreErrors)
        {
            await loaded.Component.DisposeAsync();
            LeaveOut(app, resource, wrong);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sentence} (ignoreErrors is set)")]
    private static partial void Ignored(ILogger log, string sentence);
}
