using Eco2.Contracts.Jobs;
using Eco2.Worker.Models;

namespace Eco2.Worker.Scan;

/// <summary>Why scans fail, in words somebody can act on.</summary>
internal static class ScanErrors
{
    internal static JobError ImageFetchFailed(string language) => new("IMAGE_FETCH_FAILED", Say(language, "사진을 찾을 수 없어요. 다시 올려 주세요.", "The picture is gone. Please upload it again."), "vision", false);

    internal static JobError ImageUnreadable(string language) => new("IMAGE_UNREADABLE", Say(language, "사진을 읽을 수 없어요. 다른 사진으로 시도해 주세요.", "The picture cannot be read. Please try another one."), "vision", false);

    internal static JobError VisionFailed(string language) => new("VISION_FAILED", Say(language, "사진을 알아보지 못했어요. 다른 사진으로 다시 시도해 주세요.", "The picture could not be recognised. Please try another one."), "vision", false);

    internal static JobError VisionInvalidOutput(string language) => new("VISION_INVALID_OUTPUT", Say(language, "사진을 분류하지 못했어요. 다시 시도하거나 다른 모델을 골라 주세요.", "The picture could not be classified. Try again or choose another model."), "vision", true);

    internal static JobError AnswerFailed(string language) => new("ANSWER_FAILED", Say(language, "답변을 쓰지 못했어요. 다시 시도해 주세요.", "The answer could not be written. Please try again."), "answer", true);

    internal static JobError AnswerInvalidOutput(string language) => new("ANSWER_INVALID_OUTPUT", Say(language, "답변을 쓰지 못했어요. 다시 시도하거나 다른 모델을 골라 주세요.", "The answer could not be written. Try again or choose another model."), "answer", true);

    internal static JobError Timeout(string stage, string language) => new("TIMEOUT", Say(language, "시간이 너무 오래 걸렸어요. 다시 시도해 주세요.", "It took too long. Please try again."), stage, true);

    internal static JobError ProviderAway(ModelFailure why, string stage, string language) => why is ModelFailure.RateLimited or ModelFailure.OverBudget
        ? new("PROVIDER_RATE_LIMITED", Say(language, "지금 이용이 많아요. 잠시 후 다시 시도해 주세요.", "Too many people ask at the moment. Please try again in a while."), stage, true)
        : new("PROVIDER_UNAVAILABLE", Say(language, "지금은 사진을 알아볼 수 없어요. 잠시 후 다시 시도해 주세요.", "Pictures cannot be recognised at the moment. Please try again in a while."), stage, true);

    internal static JobError NotStarted(string language) => new("INTERNAL", Say(language, "지금은 분석을 시작하지 못했어요. 잠시 후 다시 시도해 주세요.", "The scan could not be started. Please try again in a moment."), null, true);

    internal static JobError Cancelled() => new("CANCELLED", "요청하신 대로 그만두었어요.", null, false);

    private static string Say(string language, string korean, string english) => language == "en" ? english : korean;
}
