#nullable disable
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dapr.AspNetCore
{
    /// <summary>Settings of the scheme that recognises the sidecar.</summary>
    public class DaprAuthenticationOptions : AuthenticationSchemeOptions
    {
        internal const string SchemeName = "Dapr";

        /// <summary>What the sidecar must send in dapr-api-token; from the environment's APP_API_TOKEN unless set.</summary>
        public string Token { get; set; } = DaprDefaults.GetDefaultAppApiToken(null);
    }

    internal sealed class DaprAuthenticationHandler(IOptionsMonitor<DaprAuthenticationOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<DaprAuthenticationOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

        private AuthenticateResult Authenticate()
        {
            if (!Request.Headers.TryGetValue("dapr-api-token", out var sent))
            {
                return AuthenticateResult.NoResult();
            }

            if (string.IsNullOrWhiteSpace(Options.Token))
            {
                return AuthenticateResult.Fail("App API Token not configured.");
            }

            // Compared in constant time, so that answers do not tell how much of a guess is right.
            if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Options.Token), Encoding.UTF8.GetBytes(sent.ToString())))
            {
                return AuthenticateResult.Fail("Not authenticated.");
            }

            var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, DaprAuthenticationOptions.SchemeName)], Scheme.Name);
            return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
        }
    }
}

namespace Microsoft.AspNetCore.Authentication
{
    /// <summary>The scheme that recognises the sidecar by its token.</summary>
    public static class DaprAuthenticationBuilderExtensions
    {
        /// <summary>Adds the scheme Dapr.</summary>
        public static AuthenticationBuilder AddDapr(this AuthenticationBuilder builder) => builder.AddDapr(configureOptions: null);

        /// <summary>Adds the scheme Dapr.</summary>
        public static AuthenticationBuilder AddDapr(this AuthenticationBuilder builder, Action<DaprAuthenticationOptions> configureOptions)
        {
            ArgumentNullException.ThrowIfNull(builder);
            return builder.AddScheme<DaprAuthenticationOptions, DaprAuthenticationHandler>(DaprAuthenticationOptions.SchemeName, configureOptions);
        }
    }
}

namespace Microsoft.AspNetCore.Authorization
{
    /// <summary>The policy that lets only the sidecar in.</summary>
    public static class DaprAuthorizationOptionsExtensions
    {
        /// <summary>Adds a policy that asks for the scheme Dapr.</summary>
        public static void AddDapr(this AuthorizationOptions options, string name = "Dapr")
        {
            ArgumentNullException.ThrowIfNull(options);
            options.AddPolicy(name, policy => policy.AddAuthenticationSchemes(DaprAuthenticationOptions.SchemeName).RequireAuthenticatedUser());
        }
    }
}
