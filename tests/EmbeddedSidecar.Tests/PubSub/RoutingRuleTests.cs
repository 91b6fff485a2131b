using System.Text;
using EmbeddedSidecar.PubSub.Routing;
using EmbeddedSidecar.Resources;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RoutingRuleTests
{
    private static readonly byte[] _event = Encoding.UTF8.GetBytes("""
        {"id":"1","type":"order.created","source":"shop","data":{"n":5,"price":1.5,"tags":["a","b"],"kind":"생수병","nested":{"on":true},"none":null}}
        """);

    [Theory]
    [InlineData("event.type == \"order.created\"", true)]
    [InlineData("event.type == 'order.deleted'", false)]
    [InlineData("event.type != 'order.deleted'", true)]
    [InlineData("event.data.n == 5 && event.data.price < 2", true)]
    [InlineData("event.data.n > 5 || event.data.n <= 5", true)]
    [InlineData("!(event.data.n >= 6)", true)]
    [InlineData("event.data.n == -5", false)]
    [InlineData("has(event.data.n)", true)]
    [InlineData("has(event.data.x)", false)]
    [InlineData("has(event.data.x) && event.data.x == 1", false)]
    [InlineData("event.data.x == 1 || true", true)]
    [InlineData("event.data.x == 1 && false", false)]
    [InlineData("event.data.kind == \"생수병\"", true)]
    [InlineData("event.data.n in [1, 5]", true)]
    [InlineData("'c' in event.data.tags", false)]
    [InlineData("'nested' in event.data", true)]
    [InlineData("event.data.tags[1] == 'b'", true)]
    [InlineData("event['type'] == 'order.created'", true)]
    [InlineData("event.data.nested.on", true)]
    [InlineData("event.data.none == null", true)]
    [InlineData("event.type == 5", false)]
    [InlineData("event.type.startsWith('order.') && event.type.endsWith('ed') && event.type.contains('cre')", true)]
    [InlineData("size(event.data.tags) == 2 && event.source.size() == 4", true)]
    [InlineData("event.type == 'x' || event.type == 'order.created' && event.source == 'shop'", true)]
    [InlineData("event.type == 'it\\'s'", false)]
    public void A_rule_says_yes_or_no(string match, bool expected)
    {
        Assert.Equal(expected ? "/yes" : "/no", new TopicRoutes([new RouteRule(match, "/yes")], "/no").Find(_event));
    }

    [Theory]
    [InlineData("event.data.x == 1", "no such key: x")]
    [InlineData("event.type < 5", "no such overload")]
    [InlineData("event.type", "neither true nor false")]
    [InlineData("event.data.tags[7] == 'a'", "out of bounds")]
    public void A_rule_that_cannot_be_computed_for_an_event_says_why(string match, string why)
    {
        var failed = Assert.Throws<RuleException>(() => new TopicRoutes([new RouteRule(match, "/yes")], "/no").Find(_event));

        Assert.Contains(why, failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("event.type.matches('a.*')", ".matches()")]
    [InlineData("event.data.tags.exists(t, t == 'a')", ".exists()")]
    [InlineData("timestamp(event.time) < now", "timestamp()")]
    [InlineData("type == 'x'", "'type' is not known")]
    [InlineData("event.data.n + 1 == 2", "'+'")]
    [InlineData("event.type == 'x' ? true : false", "'?'")]
    [InlineData("event.type == r'x'", "r\"")]
    [InlineData("event.type == 'x", "does not end")]
    [InlineData("event.type ==", "the end")]
    [InlineData("(event.type == 'x'", "the end")]
    [InlineData("event.type == 'x' 'y'", "'y'")]
    [InlineData("has(event)", "has()")]
    public void What_is_not_supported_is_refused_by_name(string match, string why)
    {
        var refused = Assert.Throws<RuleException>(() => new TopicRoutes([new RouteRule(match, "/yes")], null));

        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.Contains(match, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_rule_that_matches_wins_and_no_default_means_no_path()
    {
        RouteRule[] rules = [new("event.data.n == 5", "/five"), new("event.type == 'order.created'", "/created")];

        Assert.Equal("/five", new TopicRoutes(rules, "/no").Find(_event));
        Assert.Null(new TopicRoutes([new RouteRule("event.data.n == 6", "/six")], null).Find(_event));
        Assert.Equal("/always", new TopicRoutes([new RouteRule("", "/always")], "/no").Find(_event));
    }
}
