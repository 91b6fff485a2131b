namespace Eco2.Testing;

/// <summary>A private RabbitMQ. Dispose it to stop it.</summary>
public sealed class RabbitMqServer : IAsyncDisposable
{
    private static readonly Lazy<Task<RabbitMqServer>> Common = new(() => StartAsync(temporary: true));
    private readonly int _epmd = ChildServer.FreePort();
    private readonly int _distribution = ChildServer.FreePort();
    private readonly string _folder;
    private int _virtualHosts;
    private readonly bool _temporary;
    private ChildServer _process = null!;

    private RabbitMqServer(int port, string folder, bool temporary) => (Port, _folder, _temporary) = (port, folder, temporary);

    public int Port { get; }

    /// <summary>For amqps, if it was started with certificates.</summary>
    public int SecurePort { get; } = ChildServer.FreePort();

    /// <summary>amqp://user:password@host:port, as the metadata member connectionString wants it.</summary>
    public string Url => $"amqp://eco2:secret@127.0.0.1:{Port}";

    /// <summary>One for all tests of this process, since it takes seconds to start; topics are the test's own.</summary>
    public static Task<RabbitMqServer> SharedAsync() => Common.Value;

    public static Task<RabbitMqServer> StartAsync() => StartAsync(temporary: false);

    /// <summary>One that also listens at <see cref="SecurePort"/> with the server's certificate, and takes a client's name from its own.</summary>
    public static Task<RabbitMqServer> StartAsync(TestCertificates certificates) => StartAsync(temporary: false, certificates);

    private static async Task<RabbitMqServer> StartAsync(bool temporary, TestCertificates? certificates = null)
    {
        var port = ChildServer.FreePort();
        var server = new RabbitMqServer(port, Path.Combine(Path.GetTempPath(), $"eco2-rabbitmq-{Environment.ProcessId}-{port}"), temporary);
        Directory.CreateDirectory(server._folder);
        await File.WriteAllTextAsync(
            Path.Combine(server._folder, "rabbitmq.conf"),
            $"listeners.tcp.1 = 127.0.0.1:{port}\ndefault_user = eco2\ndefault_pass = secret\n" + (certificates is null ? "" : server.Secure(certificates)));
        await File.WriteAllTextAsync(Path.Combine(server._folder, "plugins"), certificates is null ? "[]." : "[rabbitmq_auth_mechanism_ssl].");
        server._process = server.Launch();
        await ChildServer.WaitForPortAsync(port);
        return server;
    }

    /// <summary>A world of its own for exchanges and queues. Returns its name.</summary>
    public async Task<string> CreateVirtualHostAsync()
    {
        var name = $"test-{Interlocked.Increment(ref _virtualHosts)}";
        await AskAsync(
            $"rabbit_vhost:add(<<\"{name}\">>, <<\"test\">>), rabbit_auth_backend_internal:set_permissions(<<\"eco2\">>, <<\"{name}\">>, <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"test\">>).");
        return name;
    }

    public Task RemoveVirtualHostAsync(string name) => AskAsync($"rabbit_vhost:delete(<<\"{name}\">>, <<\"test\">>).");

    /// <summary>How many messages lie in a queue, those included that a consumer has not acknowledged yet; null when there is no such queue.</summary>
    public async Task<int?> MessagesAsync(string queue)
    {
        var answer = await AskAsync(
            $"case rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, <<\"{queue}\">>)) of "
            + "{ok, Q} -> [{messages, N}] = rabbit_amqqueue:info(Q, [messages]), N; _ -> none end.");
        return answer == "none" ? null : int.Parse(answer, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Lets the server evaluate an Erlang expression, behind the back of AMQP.</summary>
    public async Task<string> AskAsync(string expression) =>
        await ErlangNode.AskAsync(_distribution, await File.ReadAllTextAsync(Path.Combine(_folder, ".erlang.cookie")), expression);

    /// <summary>Kills it and starts it again with its data on the same port.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = Launch();
        await ChildServer.WaitForPortAsync(Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string Secure(TestCertificates certificates) => $"""
        listeners.ssl.1 = 127.0.0.1:{SecurePort}
        ssl_options.cacertfile = {certificates.CaFile}
        ssl_options.certfile = {certificates.Folder}/server.pem
        ssl_options.keyfile = {certificates.Folder}/server-key.pem
        ssl_options.verify = verify_peer
        ssl_options.fail_if_no_peer_cert = false
        ssl_cert_login_from = common_name
        auth_mechanisms.1 = PLAIN
        auth_mechanisms.2 = EXTERNAL

        """;

    // The port mapper of Erlang would outlive the server; here it dies with the process that started it, which becomes the server.
    private ChildServer Launch() =>
        ChildServer.Start(
            $"sh -c 'setpriv --pdeathsig KILL epmd -port {_epmd} -address 127.0.0.1 & exec /usr/lib/rabbitmq/bin/rabbitmq-server'",
            _folder,
            _temporary,
            environment: new Dictionary<string, string>
            {
                ["HOME"] = _folder,
                ["RABBITMQ_NODENAME"] = "test@localhost",
                ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_folder, "mnesia"),
                ["RABBITMQ_LOGS"] = "-",
                ["RABBITMQ_PID_FILE"] = Path.Combine(_folder, "pid"),
                ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder, "rabbitmq.conf"),
                ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_folder, "plugins"),
                ["RABBITMQ_DIST_PORT"] = $"{_distribution}",
                ["ERL_EPMD_PORT"] = $"{_epmd}",
                ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
                // The server itself takes the place of the script, and so has the process id that we stop.
                ["RUNNING_UNDER_SYSTEMD"] = "true",
            });
}
