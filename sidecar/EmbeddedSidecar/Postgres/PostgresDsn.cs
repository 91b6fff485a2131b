using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EmbeddedSidecar.Components;
using Npgsql;

namespace EmbeddedSidecar.Postgres;

/// <summary>Reads connection strings as Dapr's driver takes them: <c>host=... user=...</c> or <c>postgres://user:password@host/database</c>.</summary>
internal static class PostgresDsn
{
    private static readonly string[] _withoutEffect = ["pool_health_check_period", "pool_max_conn_lifetime_jitter", "sslsni", "pool_min_idle_conns", "target_session_attrs"];

    /// <exception cref="FormatException">It is neither, or says something that is not supported; the message names it.</exception>
    public static NpgsqlConnectionStringBuilder Read(string text)
    {
        // Dapr has a small pool for each component; here all components of one database share one.
        var connection = new NpgsqlConnectionStringBuilder { Host = "localhost", Username = Environment.UserName, MaxPoolSize = 16, MaxAutoPrepare = 50 };
        foreach (var (name, value) in text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal) ? Url(text) : Words(text))
        {
            Set(connection, name, value);
        }

        return connection;
    }

    /// <summary>One parameter by its name in such a string.</summary>
    /// <exception cref="FormatException">The value is not understood.</exception>
    public static void Set(NpgsqlConnectionStringBuilder connection, string name, string value)
    {
        switch (name)
        {
            case "host" or "hostaddr":
                connection.Host = value.Contains(',') ? throw new FormatException($"{name} names several servers") : value;
                break;
            case "port":
                connection.Port = Number(name, value);
                break;
            case "user":
                connection.Username = value;
                break;
            case "password":
                connection.Password = value;
                break;
            case "dbname" or "database":
                connection.Database = value;
                break;
            case "sslmode":
                connection.SslMode = Enum.TryParse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var mode)
                    ? mode
                    : throw new FormatException($"sslmode \"{value}\" is unknown");
                break;
            case "sslrootcert":
                connection.RootCertificate = value;
                break;
            case "sslcert":
                connection.SslCertificate = value;
                break;
            case "sslkey":
                connection.SslKey = value;
                break;
            case "sslpassword":
                connection.SslPassword = value;
                break;
            case "passfile":
                connection.Passfile = value;
                break;
            case "service" or "servicefile" or "sslnegotiation" or "channel_binding" or "krbspn" or "krbsrvname" or "min_protocol_version" or "max_protocol_version":
            case "target_session_attrs" when value != "any":
                throw new FormatException($"{name} is not supported by the embedded sidecar");
            case "connect_timeout":
                connection.Timeout = Number(name, value);
                break;
            case "application_name":
                connection.ApplicationName = value;
                break;
            case "search_path":
                connection.SearchPath = value;
                break;
            case "pool_max_conns":
                connection.MaxPoolSize = Number(name, value);
                break;
            case "pool_min_conns":
                connection.MinPoolSize = Number(name, value);
                break;
            case "pool_max_conn_idle_time":
                connection.ConnectionIdleLifetime = Seconds(name, value);
                break;
            case "pool_max_conn_lifetime":
                connection.ConnectionLifetime = Seconds(name, value);
                break;
            case "default_query_exec_mode":
                ExecMode(connection, value);
                break;
            default:
                if (!_withoutEffect.Contains(name))
                {
                    // Like the driver: what it does not know is a setting of the session.
                    connection.Options = $"{connection.Options} -c {name}={value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal)}".TrimStart();
                }

                break;
        }
    }

    /// <summary>Looks at the files that the connection names, as the driver does before it connects.</summary>
    /// <param name="connection">Its paths are absolute afterwards.</param>
    /// <param name="fullPath">Makes a path absolute.</param>
    /// <exception cref="FormatException">One is missing, or is none.</exception>
    public static void UseFiles(NpgsqlConnectionStringBuilder connection, Func<string, string> fullPath)
    {
        if (connection.Passfile is { Length: > 0 } passwords)
        {
            connection.Passfile = fullPath(passwords);
        }

        if ((connection.SslCertificate is null) != (connection.SslKey is null))
        {
            throw new FormatException("sslcert and sslkey are required both");
        }

        if (connection is { SslCertificate: { } certificate, SslKey: { } key })
        {
            (connection.SslCertificate, connection.SslKey) = (Existing("sslcert", certificate), Existing("sslkey", key));
        }

        if (connection.RootCertificate == "system")
        {
            (connection.RootCertificate, connection.SslMode) = (null, SslMode.VerifyFull);
        }
        else if (connection.RootCertificate is { } root)
        {
            connection.RootCertificate = Existing("sslrootcert", root);
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(connection.RootCertificate);
            if (authorities.Count == 0)
            {
                throw new FormatException($"sslrootcert {connection.RootCertificate} holds no certificate");
            }

            // With an authority at hand, to require TLS means to check it.
            connection.SslMode = connection.SslMode == SslMode.Require ? SslMode.VerifyCA : connection.SslMode;
        }

        string Existing(string name, string path) =>
            File.Exists(fullPath(path)) ? fullPath(path) : throw new FormatException($"{name} {fullPath(path)} does not exist");
    }

    /// <exception cref="FormatException">The mode is unknown, or cannot be had.</exception>
    public static void ExecMode(NpgsqlConnectionStringBuilder connection, string mode) =>
        connection.MaxAutoPrepare = mode switch
        {
            "cache_statement" => 50,
            // Nothing stays prepared on the server, as poolers between want it.
            "cache_describe" or "describe_exec" or "exec" => 0,
            _ => throw new FormatException($"queryExecMode \"{mode}\" is not supported by the embedded sidecar"),
        };

    private static IEnumerable<(string, string)> Url(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri))
        {
            throw new FormatException("it is not a URL");
        }

        if (uri.Host.Length > 0)
        {
            yield return ("host", Uri.UnescapeDataString(uri.Host));
        }

        if (uri.Port > 0)
        {
            yield return ("port", uri.Port.ToString(CultureInfo.InvariantCulture));
        }

        var account = uri.UserInfo.Split(':', 2);
        if (account[0].Length > 0)
        {
            yield return ("user", Uri.UnescapeDataString(account[0]));
        }

        if (account.Length > 1)
        {
            yield return ("password", Uri.UnescapeDataString(account[1]));
        }

        if (uri.AbsolutePath.Length > 1)
        {
            yield return ("dbname", Uri.UnescapeDataString(uri.AbsolutePath[1..]));
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            yield return (Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
        }
    }

    // name=value name='a value', with a backslash before quotes and backslashes.
    private static IEnumerable<(string, string)> Words(string text)
    {
        var at = 0;
        while (SkipSpaces())
        {
            var equals = text.IndexOf('=', at);
            if (equals < 0)
            {
                throw new FormatException($"there is no value for \"{text[at..].Trim()}\"");
            }

            var name = text[at..equals].Trim();
            at = equals + 1;
            var value = new StringBuilder();
            SkipSpaces();
            var quoted = at < text.Length && text[at] == '\'';
            at += quoted ? 1 : 0;
            for (; at < text.Length && (quoted ? text[at] != '\'' : !char.IsWhiteSpace(text[at])); at++)
            {
                at += text[at] == '\\' && at + 1 < text.Length ? 1 : 0;
                value.Append(text[at]);
            }

            if (quoted && at++ >= text.Length)
            {
                throw new FormatException("a quote is not closed");
            }

            yield return (name, value.ToString());
        }

        bool SkipSpaces()
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            return at < text.Length;
        }
    }

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"{name} \"{value}\" is not a number");

    private static int Seconds(string name, string value) =>
        GoDuration.TryParse(value, out var duration) ? (int)Math.Ceiling(duration.TotalSeconds) : throw new FormatException($"{name} \"{value}\" is not a duration");
}
