# Every .NET app of Eco²: one build, one target per app. From the root of the repository:
#   docker build -f deploy/images/dotnet.Dockerfile --target scan -t eco2/scan .
# A base is a name and a digest; to move to another one give both, e.g. --build-arg RUNTIME_DIGEST=sha256:...
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble
ARG SDK_DIGEST=sha256:e70cdb7f80b0348f5cb85f19a8f670fca061f033d57eed12fa003d58b0e06317
# Chiseled: no shell, no package manager, runs as 1654.
ARG RUNTIME=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
ARG RUNTIME_DIGEST=sha256:48e51f2f6798897be7ac4e775c049ed8fe60d3190f637e1f9c9dc7513efa659c
# For the page, which the gateway serves.
ARG NODE=node:22-bookworm-slim
ARG NODE_DIGEST=sha256:43ac6c60b8f89723f746e8a92ce91abd5017e627ce1ddfe4238355d3a30b772c

FROM --platform=$BUILDPLATFORM ${NODE}@${NODE_DIGEST} AS page
WORKDIR /src
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY web/index.html web/tsconfig.json web/vite.config.ts ./
COPY web/scripts scripts
COPY web/public public
COPY web/src src
RUN npm run build

# The output is portable, so it is built by the machine's own processor whatever the image is for.
FROM --platform=$BUILDPLATFORM ${SDK}@${SDK_DIGEST} AS build
WORKDIR /src
COPY Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt .editorconfig global.json dapr.yaml ./
COPY deploy/images/Apps.proj deploy/images/Container.targets deploy/images/
COPY protos protos
COPY contracts contracts
COPY sdk sdk
COPY services services
COPY workflows workflows
RUN --mount=type=cache,target=/root/.nuget/packages \
    dotnet msbuild -restore deploy/images/Apps.proj -p:Out=/out/ -nologo -v:minimal

FROM ${RUNTIME}@${RUNTIME_DIGEST} AS runtime
WORKDIR /app
# Diagnostics would want a socket in /tmp; nothing else is written anywhere.
ENV DOTNET_EnableDiagnostics=0
USER 1654:1654

FROM runtime AS gateway
COPY --from=build /out/gateway ./
COPY --from=page /src/dist web
ENV APP_PORT=8080 ASPNETCORE_URLS=http://0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["dotnet", "Eco2.Gateway.dll"]

FROM runtime AS auth
COPY --from=build /out/auth ./
ENV APP_PORT=8101 ASPNETCORE_URLS=http://0.0.0.0:8101
EXPOSE 8101
ENTRYPOINT ["dotnet", "Eco2.Auth.dll"]

FROM runtime AS image
COPY --from=build /out/image ./
ENV APP_PORT=8102 ASPNETCORE_URLS=http://0.0.0.0:8102
EXPOSE 8102
ENTRYPOINT ["dotnet", "Eco2.Image.dll"]

FROM runtime AS scan
COPY --from=build /out/scan ./
ENV APP_PORT=8103 ASPNETCORE_URLS=http://0.0.0.0:8103
EXPOSE 8103
ENTRYPOINT ["dotnet", "Eco2.Scan.dll"]

FROM runtime AS event-router
COPY --from=build /out/event-router ./
ENV APP_PORT=8104 ASPNETCORE_URLS=http://0.0.0.0:8104
EXPOSE 8104
ENTRYPOINT ["dotnet", "Eco2.EventRouter.dll"]

FROM runtime AS sse-gateway
COPY --from=build /out/sse-gateway ./
ENV APP_PORT=8105 ASPNETCORE_URLS=http://0.0.0.0:8105
EXPOSE 8105
ENTRYPOINT ["dotnet", "Eco2.SseGateway.dll"]

FROM runtime AS character
COPY --from=build /out/character ./
ENV APP_PORT=8106 ASPNETCORE_URLS=http://0.0.0.0:8106
EXPOSE 8106
ENTRYPOINT ["dotnet", "Eco2.Character.dll"]

FROM runtime AS my
COPY --from=build /out/my ./
ENV APP_PORT=8107 ASPNETCORE_URLS=http://0.0.0.0:8107
EXPOSE 8107
ENTRYPOINT ["dotnet", "Eco2.My.dll"]

FROM runtime AS worker
COPY --from=build /out/worker ./
ENV APP_PORT=8108 ASPNETCORE_URLS=http://0.0.0.0:8108
EXPOSE 8108
ENTRYPOINT ["dotnet", "Eco2.Worker.dll"]
