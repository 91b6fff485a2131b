using System.Diagnostics;
using Xunit;

namespace Eco2.Deploy.Tests.Compose;

/// <summary>The product on one machine with real Dapr, as far as it can be judged without an engine.</summary>
public sealed class ComposeTests
{
    public static TheoryData<string, bool> Targets()
    {
        var data = new TheoryData<string, bool>();
        foreach (var target in ComponentRules.Targets)
        {
            data.Add(target, false);
            data.Add(target, true);
        }

        return data;
    }

    [Fact]
    public void Every_app_has_its_sidecar_and_both_say_what_the_run_file_says() => Assert.Empty(SidecarRules.Complaints(ComposeProject.Load()));

    [Fact]
    public void Every_service_is_pinned_without_rights_and_waits_for_what_it_needs() => Assert.Empty(ServiceRules.Complaints(ComposeProject.Load()));

    [Fact]
    public void Everything_that_watches_looks_at_what_is_there() => Assert.Empty(WatchRules.Complaints(ComposeProject.Load()));

    [Theory]
    [MemberData(nameof(Targets))]
    public void What_the_components_name_is_there(string target, bool overlaid) => Assert.Empty(ComponentRules.Complaints(ComposeProject.Load(), target, overlaid));

    [Theory]
    [InlineData("compose.yaml", "  scan-dapr:", "  scan-daprd:", "there is no service scan-dapr")]
    [InlineData("compose.yaml", "--app-id=scan,", "--app-id=scam,", "scan-dapr: --app-id is scam, not scan")]
    [InlineData("compose.yaml", "--app-port=8103", "--app-port=8104", "--app-port is 8104, not 8103")]
    [InlineData("compose.yaml", "http://scan-dapr:50104", "http://scan-dapr:50105", "DAPR_GRPC_ENDPOINT is not")]
    [InlineData("compose.yaml", "  APP_API_TOKEN: ${APP_API_TOKEN:?see .env.example}\n  OTEL", "  APP_API_TOKEN: ${DAPR_API_TOKEN:?see .env.example}\n  OTEL", "do not agree on APP_API_TOKEN")]
    [InlineData("compose.yaml", "--max-body-size=16Mi", "--max-body-size=4Mi", "--max-body-size is 4Mi, not 16Mi")]
    [InlineData("stores.yaml", "--port=50006", "--port=50007", "--scheduler-host-address leads nowhere")]
    [InlineData("compose.yaml", "my-dapr: { condition: service_healthy }", "my-dapr: { condition: service_started }", "my does not wait for its sidecar")]
    [InlineData("dapr-config.yaml", "{appid}-dapr:50002", "{appid}:50002", "not where dapr-config.yaml looks")]
    [InlineData("compose.yaml", "\"http://my-dapr:3508/v1.0/healthz\", ", "", "ready does not ask my-dapr")]
    public void A_sidecar_that_does_not_fit_is_found(string file, string from, string to, string complaint) =>
        Assert.Contains(SidecarRules.Complaints(ComposeProject.Load(file, from, to)), said => said.Contains(complaint, StringComparison.Ordinal));

    [Theory]
    [InlineData("stores.yaml", "7.4-alpine@sha256:858f", "7.4-alpine@sha256:", "redis: its image has no digest")]
    [InlineData("compose.yaml", "target: scan", "target: scam", "scan: its image is built otherwise")]
    [InlineData("stores.yaml", "user: \"999:1000\"", "user: \"0:0\"", "redis: it may be root")]
    [InlineData("compose.yaml", "cap_drop: [ALL]", "cap_drop: [NET_RAW]", "scan: it has capabilities")]
    [InlineData("observe.yaml", "read_only: true", "read_only: false", "grafana: it may write to its image")]
    [InlineData("observe.yaml", "127.0.0.1:3000:3000", "3000:3000", "the port 3000:3000 is open")]
    [InlineData("stores.yaml", "POSTGRES_PASSWORD: ${ECO2_POSTGRES_PASSWORD:?see .env.example}", "POSTGRES_PASSWORD: swordfish", "POSTGRES_PASSWORD stands in clear")]
    [InlineData("stores.yaml", "RABBITMQ_DEFAULT_PASS: ${ECO2_RABBITMQ_PASSWORD:-}", "RABBITMQ_DEFAULT_PASS: ${ECO2_RABBITMQ_PASSWORD:-guest}", "RABBITMQ_DEFAULT_PASS stands in clear")]
    [InlineData("compose.yaml", "Password=${ECO2_SCAN_POSTGRES_PASSWORD:?see .env.example}", "Password=swordfish", "ECO2_POSTGRES stands in clear")]
    [InlineData("compose.yaml", "Username=eco2_scan;Database=eco2;Password=${ECO2_SCAN_POSTGRES_PASSWORD:", "Username=eco2;Database=eco2;Password=${ECO2_POSTGRES_PASSWORD:", "scan: it has the owner's login")]
    [InlineData("compose.yaml", "Username=eco2_scan;Database=eco2;Password=${ECO2_SCAN_", "Username=eco2_my;Database=eco2;Password=${ECO2_MY_", "scan: its login is not its own")]
    [InlineData("compose.yaml", "scan-migrations: { condition: service_completed_successfully }", "my-migrations: { condition: service_completed_successfully }", "scan: its migrations do not come first")]
    [InlineData("compose.yaml", "  my-migrations:\n    <<: *migrations\n    image: eco2/my:", "  my-migrations:\n    <<: *migrations\n    image: eco2/scan:", "my-migrations: its image is not the app's")]
    [InlineData("stores.yaml", "\"$$REDISCLI_AUTH\"", "\"${ECO2_REDIS_PASSWORD}\"", "redis: its command shows")]
    [InlineData("compose.yaml", "redis: { condition: service_healthy, required: false }", "redis: { condition: service_healthy }", "which only some profiles have")]
    [InlineData("compose.yaml", "control-plane: { condition: service_completed_successfully }", "control-plane: { condition: service_started }", "in the wrong way")]
    [InlineData("compose.yaml", "folders: {", "cupboards: {", "waits for cupboards, which is not there")]
    [InlineData("stores.yaml", "    healthcheck: { test: [CMD, pg_isready", "    x-no: { test: [CMD, pg_isready", "postgres, which has no health check")]
    [InlineData("observe.yaml", "./observe/loki.yaml:", "./observe/lokki.yaml:", "there is no ./observe/lokki.yaml")]
    [InlineData("observe.yaml", "/var/lib/docker/containers:ro", "/var/lib/docker/containers:rw", "it may change /var/lib/docker/containers")]
    [InlineData("compose.yaml", "- mail:/mail", "- letters:/mail", "there is no volume letters")]
    [InlineData(".env.example", "ECO2_ADMIN=", "ECO2_ADMINS=", "does not speak of ECO2_ADMIN")]
    [InlineData(".env.example", "GRAFANA_PASSWORD=random", "GRAFANA_PASSWORD=swordfish", "shows GRAFANA_PASSWORD")]
    public void A_careless_service_is_found(string file, string from, string to, string complaint) =>
        Assert.Contains(ServiceRules.Complaints(ComposeProject.Load(file, from, to)), said => said.Contains(complaint, StringComparison.Ordinal));

    [Theory]
    [InlineData("compose.yaml", "ECO2_REDIS_HOST: redis:6379", "ECO2_REDIS_HOST: rediss:6379", "redisHost is at rediss")]
    [InlineData("compose.yaml", "    ECO2_REDIS_PASSWORD:", "    ECO2_REDIS_PASSWORT:", "its sidecar has no ECO2_REDIS_PASSWORD")]
    [InlineData("components/mail.yaml", "value: mail }", "value: smtp }", "host is at smtp")]
    [InlineData("compose.yaml", "http://s3:8333", "http://s4:8333", "endpoint is at s4")]
    public void A_component_that_leads_nowhere_is_found(string file, string from, string to, string complaint) =>
        Assert.Contains(ComponentRules.Complaints(ComposeProject.Load(file, from, to), "redis", overlaid: true), said => said.Contains(complaint, StringComparison.Ordinal));

    [Fact]
    public void A_folder_that_is_no_volume_is_found() => Assert.Contains(
        ComponentRules.Complaints(ComposeProject.Load("compose.yaml", "ECO2_OBJECTS_DIR: /objects", "ECO2_OBJECTS_DIR: /pictures"), "redis", overlaid: false),
        said => said.Contains("/pictures is no volume", StringComparison.Ordinal));

    [Theory]
    [InlineData("observe/prometheus.yaml", "scan-dapr:9090", "scan-dapr:9091", "nobody counts what scan-dapr does")]
    [InlineData("observe/otel.yaml", "jaeger:4317", "jeager:4317", "does not reach jeager")]
    [InlineData("observe/fluent-bit.yaml", "host: loki", "host: lokki", "does not reach lokki")]
    [InlineData("compose.yaml", "  logging:", "  x-logging:", "the log of scan grows")]
    public void A_watcher_that_looks_elsewhere_is_found(string file, string from, string to, string complaint) =>
        Assert.Contains(WatchRules.Complaints(ComposeProject.Load(file, from, to)), said => said.Contains(complaint, StringComparison.Ordinal));

    [Fact]
    public void The_small_form_has_the_apps_their_sidecars_and_nothing_that_it_could_do_without()
    {
        var project = ComposeProject.Load();
        var active = project.Example["COMPOSE_PROFILES"].Split(',');

        var small = project.Services.Values.Where(s => s.List("profiles") is { } profiles && (profiles.Count == 0 || profiles.Intersect(active).Any())).Select(s => s.Name);

        var apps = RunFile.Apps.Select(app => app.AppID).ToList();
        Assert.Equal(
            ((string[])[.. apps, .. apps.Select(app => app + "-dapr"), "auth-migrations", "character-migrations", "image-migrations", "my-migrations", "scan-migrations", "control-plane", "folders", "placement", "postgres", "ready", "redis", "scheduler"]).Order(StringComparer.Ordinal),
            small.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void New_env_makes_passwords_once_and_leaves_them()
    {
        var folder = Directory.CreateTempSubdirectory("eco2-env-");
        foreach (var file in (string[])[".env.example", "new-env"])
        {
            File.Copy(Path.Combine(ComposeProject.Folder, file), Path.Combine(folder.FullName, file));
        }

        Assert.Equal(0, Run(folder.FullName));
        var made = File.ReadAllText(Path.Combine(folder.FullName, ".env"));
        Assert.NotEqual(0, Run(folder.FullName));

        var random = ComposeProject.Load().Example.Where(pair => pair.Value == "random").Select(pair => pair.Key).ToList();
        var values = made.Split('\n').Select(line => line.Split('=', 2)).Where(pair => random.Contains(pair[0])).Select(pair => pair[1]).ToList();
        Assert.All(values, value => Assert.Matches("^[0-9a-f]{48}$", value));
        Assert.Equal(random.Count, values.Distinct().Count());
        Assert.Equal(made, File.ReadAllText(Path.Combine(folder.FullName, ".env")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.FullName, ".env")));
        folder.Delete(recursive: true);

        static int Run(string folder)
        {
            using var process = Process.Start(new ProcessStartInfo("sh", [Path.Combine(folder, "new-env")]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
