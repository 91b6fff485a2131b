namespace Dapr.Sdk.Tests;

/// <summary>Headers and bodies of typed calls, as the official package 1.18.5 wrote them for the same interface.</summary>
internal static class TypedWire
{
    public const int Interface = 878071020;
    public const int Add = 551155355;
    public const int Buy = -1566569247;
    public const int Reset = -1090972727;
    public const int Fail = 832051753;

    public const string AddRequest =
        "QA5XcmFwcGVkTXNnQm9keQgKdXJuOmFjdG9ycwkBaSlodHRwOi8vd3d3LnczLm9yZy8yMDAxL1hNTFNjaGVtYS1pbnN0YW5jZUAFdmFsdWUuBHR5cGWYD0FkZEFzeW5jUmVxQm9keUAGYW1vdW50iQIBAQ==";

    public const string AddResponse =
        "QA5XcmFwcGVkTXNnQm9keQgKdXJuOmFjdG9ycwkBaSlodHRwOi8vd3d3LnczLm9yZy8yMDAxL1hNTFNjaGVtYS1pbnN0YW5jZUAFdmFsdWUuBHR5cGWYEEFkZEFzeW5jUmVzcEJvZHlABnJldFZhbIkCAQE=";

    public const string BuyRequest =
        "QA5XcmFwcGVkTXNnQm9keQgKdXJuOmFjdG9ycwkBaSlodHRwOi8vd3d3LnczLm9yZy8yMDAxL1hNTFNjaGVtYS1pbnN0YW5jZUAFdmFsdWUuBHR5cGWYD0J1eUFzeW5jUmVxQm9keUAFY291bnSJA0AEaXRlbZkDdGVhAQE=";

    public const string BuyResponse =
        "QA5XcmFwcGVkTXNnQm9keQgKdXJuOmFjdG9ycwkBaSlodHRwOi8vd3d3LnczLm9yZy8yMDAxL1hNTFNjaGVtYS1pbnN0YW5jZUAFdmFsdWUuBHR5cGWYEEJ1eUFzeW5jUmVzcEJvZHlABnJldFZhbAkBYTZodHRwOi8vc2NoZW1hcy5kYXRhY29udHJhY3Qub3JnLzIwMDQvMDcvRGFwci5TZGsuVGVzdHNeBUNvdW50iQNeBEl0ZW2ZA3RlYQEBAQ==";

    // InvalidOperationException("out of tea")
    public const string Failure =
        "QBhBY3Rvckludm9rZUV4Y2VwdGlvbkRhdGEICnVybjphY3RvcnMJAWkpaHR0cDovL3d3dy53My5vcmcvMjAwMS9YTUxTY2hlbWEtaW5zdGFuY2VAB01lc3NhZ2WZCm91dCBvZiB0ZWFABFR5cGWZIFN5c3RlbS5JbnZhbGlkT3BlcmF0aW9uRXhjZXB0aW9uAQ==";

    private const string Start =
        " xmlns:z=\"http://schemas.microsoft.com/2003/10/Serialization/\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:a=\"urn:actors\">";

    private const string Arrays = "xmlns:b=\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\"";

    public static string Header(int method, string name, string callContext) =>
        $"<z:anyType i:type=\"a:ActorHeader\"{Start}<a:MethodId>{method}</a:MethodId><a:InterfaceId>{Interface}</a:InterfaceId>"
        + "<a:ActorId xmlns:b=\"http://schemas.datacontract.org/2004/07/Dapr.Actors\"><b:ActorId>a1</b:ActorId></a:ActorId>"
        + $"<a:CallContext>{callContext}</a:CallContext><a:Headers {Arrays}/><a:MethodName>{name}</a:MethodName><a:ActorType>Counter</a:ActorType></z:anyType>";

    public static string ErrorHeader(string details) =>
        $"<z:anyType i:type=\"a:ActorResponseMessageHeaders\"{Start}<a:Headers {Arrays}>"
        + "<b:KeyValueOfstringbase64Binary><b:Key>HasRemoteException</b:Key><b:Value/></b:KeyValueOfstringbase64Binary>"
        + $"<b:KeyValueOfstringbase64Binary><b:Key>RemoteMethodException</b:Key><b:Value>{details}</b:Value></b:KeyValueOfstringbase64Binary></a:Headers></z:anyType>";
}
