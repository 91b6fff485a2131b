using Xunit;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>Every overlay, as kustomize renders it.</summary>
public sealed class OverlayTests
{
    public static TheoryData<string> Overlays => [.. Overlay.Names];

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Every_object_has_the_shape_of_its_kind(string overlay) => Assert.Empty(Overlay.Load(overlay).Objects.SelectMany(Schema.Complaints));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void What_is_named_is_there(string overlay) => Assert.Empty(ReferenceRules.Complaints(Overlay.Load(overlay)));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void The_policy_holds(string overlay) => Assert.Empty(PolicyRules.Complaints(Overlay.Load(overlay)));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Apps_may_call_whom_they_call(string overlay) => Assert.Empty(AccessRules.Complaints(Overlay.Load(overlay)));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void The_apps_are_those_of_dapr_yaml(string overlay) => Assert.Empty(AppRules.Complaints(Overlay.Load(overlay)));

    /// <summary>The calls that the rules are held against are really found in the code.</summary>
    [Theory]
    [InlineData("gateway", "auth", "/internal/sessions/revoked")]
    [InlineData("gateway", "sse-gateway", null)]
    [InlineData("image", "media", "/v1/normalize")]
    [InlineData("worker", "character|scan", "/internal/rewards/evaluate")]
    public void A_call_is_found_in_the_code(string from, string to, string? path) => Assert.Contains((from, to, path), AccessRules.Calls);
}
