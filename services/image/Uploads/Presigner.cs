using System.Globalization;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Dapr.Client;
using Eco2.Contracts.Image;
using Eco2.Image.Pictures;
using Microsoft.Extensions.Options;

namespace Eco2.Image.Uploads;

/// <summary>Upload addresses of the bucket itself, when the component <c>objects</c> is an S3 bucket and the options say which.</summary>
internal sealed partial class Presigner(DaprClient dapr, IOptions<ImageOptions> options, ILogger<Presigner> logger) : IDisposable
{
    private const string SecretStore = "secrets";
    private readonly SemaphoreSlim opening = new(1);
    private bool opened;
    private AmazonS3Client? s3;

    /// <summary>Null when pictures have to go through this service. Type and size are signed: the store refuses others.</summary>
    public async Task<string?> UploadUrlAsync(PictureRow picture, CancellationToken ct)
    {
        var settings = options.Value.Presign;
        if (string.IsNullOrEmpty(settings.Bucket))
        {
            return null;
        }

        await OpenAsync(settings, ct);
        return s3 is null ? null : await SignAsync(s3, settings, picture);
    }

    internal static AmazonS3Client Client(ImageOptions.PresignOptions settings, string accessKey, string secretKey) => new(
        new BasicAWSCredentials(accessKey, secretKey),
        string.IsNullOrEmpty(settings.Endpoint)
            ? new AmazonS3Config { RegionEndpoint = RegionEndpoint.GetBySystemName(settings.Region) }
            : new AmazonS3Config
            {
                ServiceURL = settings.Endpoint,
                ForcePathStyle = true,
                AuthenticationRegion = settings.Region,
                UseHttp = settings.Endpoint.StartsWith("http://", StringComparison.Ordinal),
            });

    internal static Task<string> SignAsync(AmazonS3Client s3, ImageOptions.PresignOptions settings, PictureRow picture)
    {
        var request = new GetPreSignedUrlRequest
        {
            BucketName = settings.Bucket,
            Key = Intake.UploadObject(picture.Key),
            Verb = HttpVerb.PUT,
            Protocol = settings.Endpoint?.StartsWith("http://", StringComparison.Ordinal) == true ? Protocol.HTTP : Protocol.HTTPS,
            Expires = picture.ExpiresAt!.Value.UtcDateTime,
            ContentType = picture.DeclaredType,
        };
        request.Headers["Content-Length"] = picture.DeclaredBytes.ToString(CultureInfo.InvariantCulture);
        return s3.GetPreSignedURLAsync(request);
    }

    public void Dispose()
    {
        s3?.Dispose();
        opening.Dispose();
    }

    private async Task OpenAsync(ImageOptions.PresignOptions settings, CancellationToken ct)
    {
        await opening.WaitAsync(ct);
        try
        {
            if (opened)
            {
                return;
            }

            var sidecar = await dapr.GetMetadataAsync(ct);
            if (sidecar.Components.FirstOrDefault(c => c.Name == ImageObjects.Binding)?.Type != "bindings.aws.s3")
            {
                NoBucket(logger, settings.Bucket!);
            }
            else
            {
                var access = await dapr.GetSecretAsync(SecretStore, settings.AccessKeySecret, cancellationToken: ct);
                var secret = await dapr.GetSecretAsync(SecretStore, settings.SecretKeySecret, cancellationToken: ct);
                s3 = Client(settings, access[settings.AccessKeySecret], secret[settings.SecretKeySecret]);
            }

            opened = true;
        }
        finally
        {
            opening.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image:Presign names bucket {Bucket}, but the component objects is no S3 bucket; uploads go through this service")]
    private static partial void NoBucket(ILogger logger, string bucket);
}
