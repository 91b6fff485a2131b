using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Grpc.Core;

namespace Dapr.Client;

/// <summary>A method of another app could not be called, or did not answer with success.</summary>
[SuppressMessage("Design", "CA1032", Justification = "The official type has these constructors.")]
public class InvocationException : DaprException
{
    /// <summary>Over HTTP; no response when there was no connection.</summary>
    public InvocationException(string appId, string methodName, Exception innerException, HttpResponseMessage response)
        : base(Text(appId, methodName), innerException)
    {
        AppId = appId ?? "unknown";
        MethodName = methodName ?? "unknown";
        Response = response;
    }

    /// <summary>Over gRPC.</summary>
    public InvocationException(string appId, string methodName, RpcException innerException)
        : base(Text(appId, methodName), innerException)
    {
        AppId = appId ?? "unknown";
        MethodName = methodName ?? "unknown";
        Response = null!;
    }

    /// <summary>The app that was called.</summary>
    public string AppId { get; }

    /// <summary>The method that was called.</summary>
    public string MethodName { get; }

    /// <summary>The answer; null when there was none.</summary>
    public HttpResponseMessage Response { get; }

    private static string Text(string appId, string methodName) =>
        string.Format(CultureInfo.InvariantCulture, "An exception occurred while invoking method: '{0}' on app-id: '{1}'", methodName, appId);
}
