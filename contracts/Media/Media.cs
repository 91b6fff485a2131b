namespace Eco2.Contracts.Media;

/// <summary>Answer of app <c>media</c> to <c>POST /v1/normalize?key={key}</c> whose body is the uploaded bytes: it checked the picture by content,
/// turned it by EXIF, dropped all metadata and stored the three objects of the picture.
/// 413 and 415 and 422 problems say what is wrong with the picture.</summary>
/// <param name="ContentType">As found in the content.</param>
/// <param name="Width">Pixels after turning.</param>
/// <param name="Height">Pixels after turning.</param>
/// <param name="Bytes">Size of the stored picture.</param>
/// <param name="Sha256">Hash of the bytes that were sent, lower-case hex.</param>
public sealed record NormalizedImage(string ContentType, int Width, int Height, long Bytes, string Sha256);

/// <summary>Body of <c>POST /v1/classify</c> of app <c>media</c>.</summary>
/// <param name="Key">Key of a normalised picture; media reads its vision object from the store.</param>
public sealed record ClassifyPhoto(string Key);

/// <summary>What the local classifier sees: one of six materials.</summary>
/// <param name="Label">cardboard, glass, metal, paper, plastic or trash.</param>
/// <param name="Confidence">0 to 1, calibrated: of answers given with 0.8 about 80 % are right.</param>
/// <param name="RunnerUp">The second best label.</param>
/// <param name="RunnerUpConfidence">Its confidence.</param>
/// <param name="Unsure">True below the threshold of the model card.</param>
/// <param name="Model">Name and version of the classifier.</param>
/// <param name="LatencyMs">Decoding and network.</param>
public sealed record PhotoClass(
    string Label,
    double Confidence,
    string RunnerUp,
    double RunnerUpConfidence,
    bool Unsure,
    string Model,
    long LatencyMs);
