using System.Collections.Concurrent;
using System.Reflection;
using System.Text;

namespace Dapr.Actors.Communication;

/// <summary>An actor interface as typed calls see it: ids of interface and methods, and the shapes of their bodies.</summary>
internal sealed class RemotedInterface
{
    private static readonly ConcurrentDictionary<Type, RemotedInterface> Known = new();

    private RemotedInterface(Type type)
    {
        Type = type;
        Id = ToId(type.Namespace + type.Name);
        if (!IsActorInterface(type))
        {
            throw new ArgumentException($"{type.FullName} is no actor interface: it must derive from {typeof(IActor).FullName} and from nothing else.", nameof(type));
        }

        if (type.IsGenericType)
        {
            throw new ArgumentException($"The actor interface {type.FullName} is generic.", nameof(type));
        }

        Methods = [.. type.GetMethods().Select(method => new RemotedMethod(this, method))];
        if (Methods.DistinctBy(method => method.Name).Count() < Methods.Count)
        {
            throw new ArgumentException($"The actor interface {type.FullName} overloads a method.", nameof(type));
        }
    }

    public Type Type { get; }

    public int Id { get; }

    public IReadOnlyList<RemotedMethod> Methods { get; }

    /// <exception cref="ArgumentException">The interface cannot be called over the wire.</exception>
    public static RemotedInterface Of(Type type) => Known.GetOrAdd(type, static known => new RemotedInterface(known));

    /// <summary>Derives from <see cref="IActor"/> and from nothing that does not.</summary>
    public static bool IsActorInterface(Type type) =>
        type.IsInterface
        && type != typeof(IActor)
        && typeof(IActor).IsAssignableFrom(type)
        && type.GetInterfaces().All(parent => parent == typeof(IActor) || IsActorInterface(parent));

    // CRC-64 (ECMA-182, all ones in and out) of which the lower half is the id: it is in the header of each typed call.
    internal static int ToId(string name)
    {
        var crc = ulong.MaxValue;
        foreach (var value in Encoding.UTF8.GetBytes(name))
        {
            crc ^= (ulong)value << 56;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc << 1) ^ ((crc >> 63) * 0x42F0E1EBA9EA3693);
            }
        }

        return unchecked((int)~crc);
    }
}

/// <summary>One method of an actor interface.</summary>
internal sealed class RemotedMethod
{
    private readonly ParameterInfo[] _arguments;
    private readonly bool _takesToken;

    public RemotedMethod(RemotedInterface owner, MethodInfo method)
    {
        var type = method.DeclaringType!;
        var where = $"{type.FullName}.{method.Name}";
        var parameters = method.GetParameters();
        _takesToken = parameters is [.., { } last] && last.ParameterType == typeof(CancellationToken);
        _arguments = _takesToken ? parameters[..^1] : parameters;
        ResultType = method.ReturnType.IsGenericType && method.ReturnType.GetGenericTypeDefinition() == typeof(Task<>)
            ? method.ReturnType.GenericTypeArguments[0]
            : null;
        if (method.ReturnType != typeof(Task) && ResultType is null)
        {
            throw new ArgumentException($"The actor method {where} must return a task.", nameof(method));
        }

        if (method.IsGenericMethod)
        {
            throw new ArgumentException($"The actor method {where} is generic.", nameof(method));
        }

        foreach (var argument in _arguments)
        {
            if (argument.IsOut || argument.IsIn || argument.IsOptional || argument.IsDefined(typeof(ParamArrayAttribute)))
            {
                throw new ArgumentException($"The actor method {where} has an out, ref, optional or params parameter.", nameof(method));
            }

            if (argument.ParameterType == typeof(CancellationToken))
            {
                throw new ArgumentException($"The actor method {where} must take its token last.", nameof(method));
            }
        }

        Method = method;
        Id = RemotedInterface.ToId(type.Name + type.Namespace + method.Name);
        var space = owner.Type.FullName!;
        RequestBody = _arguments.Length == 0
            ? null
            : EmittedTypes.Body(space, $"{method.Name}ReqBody", [.. _arguments.Select(argument => (argument.Name!, argument.ParameterType))]);
        ResponseBody = ResultType is null ? null : EmittedTypes.Body(space, $"{method.Name}RespBody", [("retVal", ResultType)]);
        InterfaceId = owner.Id;
    }

    public MethodInfo Method { get; }

    public string Name => Method.Name;

    public int Id { get; }

    public int InterfaceId { get; }

    /// <summary>What the task yields; null if nothing.</summary>
    public Type? ResultType { get; }

    /// <summary>Class with a field per argument; null without arguments.</summary>
    public Type? RequestBody { get; }

    /// <summary>Class with the field <c>retVal</c>; null without a result.</summary>
    public Type? ResponseBody { get; }

    /// <summary>Splits a caller's arguments into the body and the token.</summary>
    public (object? Body, CancellationToken Token) Pack(object?[] arguments)
    {
        var token = _takesToken ? (CancellationToken)arguments[^1]! : CancellationToken.None;
        return (RequestBody is null ? null : Fill(RequestBody, _arguments.Zip(arguments, (argument, value) => (argument.Name!, value))), token);
    }

    /// <summary>The result in a response.</summary>
    public object? Unpack(object? body) =>
        body is null ? throw new InvalidOperationException($"The answer to the actor method {Name} has no result.") : Field(body, "retVal");

    /// <summary>Calls an actor; returns the body of the response, null if the method has no result.</summary>
    public async Task<object?> RunAsync(object actor, object? body, CancellationToken ct)
    {
        if (RequestBody is not null && body is null)
        {
            throw new ArgumentException($"A call of the actor method {Name} came without its arguments.", nameof(body));
        }

        IEnumerable<object?> arguments = _arguments.Select(argument => Field(body!, argument.Name!));
        var task = (Task)Method.Invoke(actor, BindingFlags.DoNotWrapExceptions, binder: null, [.. _takesToken ? arguments.Append(ct) : arguments], culture: null)!;
        await task.ConfigureAwait(false);
        return ResponseBody is null ? null : Fill(ResponseBody, [("retVal", Result(task))]);
    }

    /// <summary>What a completed task of this method yields.</summary>
    public object? Result(Task task) => Method.ReturnType.GetProperty(nameof(Task<>.Result))!.GetValue(task);

    private static object? Field(object body, string name) => body.GetType().GetField(name)!.GetValue(body);

    private static object Fill(Type type, IEnumerable<(string Name, object? Value)> fields)
    {
        var body = Activator.CreateInstance(type)!;
        foreach (var (name, value) in fields)
        {
            type.GetField(name)!.SetValue(body, value);
        }

        return body;
    }
}
