using System.Net;

namespace Eco2.Worker.Models;

/// <summary>Sits under the providers' own clients and says in one language what went wrong, whichever client is above.</summary>
internal sealed class ProviderHandler(TimeProvider clock) : DelegatingHandler(new SocketsHttpHandler
{
    ConnectTimeout = TimeSpan.FromSeconds(5),
    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    AllowAutoRedirect = false,
})
{
    private const int MaxAnswerBytes = 4 * 1024 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType != "text/event-stream")
            {
                // Read whole here, so that half an answer is a failure of the call and not of the reader above.
                await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, cancellationToken);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ModelException(ModelFailure.Away, e.Message, null, e);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var after = response.Headers.RetryAfter switch
            {
                { Delta: { } delta } => delta,
                { Date: { } date } when date > clock.GetUtcNow() => date - clock.GetUtcNow(),
                _ => (TimeSpan?)null,
            };
            throw new ModelException(Judge(response.StatusCode), $"The provider answered {(int)response.StatusCode}.", after);
        }
    }

    private static ModelFailure Judge(HttpStatusCode status) => status switch
    {
        HttpStatusCode.TooManyRequests => ModelFailure.RateLimited,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.PaymentRequired => ModelFailure.Misconfigured,
        HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity =>
            ModelFailure.Refused,
        _ => ModelFailure.Away,
    };
}
