using System.ComponentModel.DataAnnotations;

namespace Eco2.Image;

/// <summary>The section "Image".</summary>
internal sealed class ImageOptions
{
    /// <value>Largest picture, 10 MB.</value>
    [Range(1, 15 * 1024 * 1024)]
    public int MaxBytes { get; init; } = 10 * 1024 * 1024;

    /// <value>How long an upload address works, 15 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan UploadLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <value>Lets browsers upload to an S3 bucket directly; off unless it names a bucket.</value>
    public PresignOptions Presign { get; init; } = new();

    /// <summary>The bucket behind the binding <c>objects</c>, as signing needs it.</summary>
    internal sealed class PresignOptions
    {
        /// <value>Bucket name; empty: uploads go through this service.</value>
        public string? Bucket { get; init; }

        /// <value>AWS region.</value>
        public string Region { get; init; } = "ap-northeast-2";

        /// <value>Address of an S3-compatible store; empty: AWS.</value>
        public string? Endpoint { get; init; }

        /// <value>Name of the access key in the secret store <c>secrets</c>.</value>
        public string AccessKeySecret { get; init; } = "S3_ACCESS_KEY";

        /// <value>Name of the secret key in the secret store <c>secrets</c>.</value>
        public string SecretKeySecret { get; init; } = "S3_SECRET_KEY";
    }
}
