// swift-tools-version: 6.2
import PackageDescription

let houseSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// As tools/test builds with `--sanitize thread`.
let threadSanitizer: [Target.Dependency] =
    Context.environment["SYNCLINE_SANITIZE"] == "thread" ? ["CThreadSanitizer"] : []

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: houseSettings)
}

func tool(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies + threadSanitizer, swiftSettings: houseSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: houseSettings)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
// Both can read swift-configuration, whose module is named Configuration, like ours.
let theirConfiguration = ["Configuration": "SwiftConfiguration"]
let asyncHTTPClient = Target.Dependency.product(
    name: "AsyncHTTPClient",
    package: "async-http-client",
    moduleAliases: theirConfiguration
)
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let hummingbird = Target.Dependency.product(
    name: "Hummingbird",
    package: "hummingbird",
    moduleAliases: theirConfiguration
)
let hummingbirdCore = Target.Dependency.product(
    name: "HummingbirdCore",
    package: "hummingbird",
    moduleAliases: theirConfiguration
)
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "syncline",
    products: [
        .executable(name: "synclined", targets: ["synclined"]),
        .executable(name: "syncline", targets: ["syncline"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries, as Debian packages them.
        .systemLibrary(name: "CLDAP", providers: [.apt(["libldap2-dev"])]),
        .systemLibrary(name: "CLMDB", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        // Memory that held passwords.
        .target(name: "CMemory"),

        // Pure: no clock, no IO, no logger, no Foundation.
        module("SyncModel", []),
        module("Mapping", ["SyncModel"]),
        module("Reconcile", ["SyncModel"]),
        module("SyncEngine", ["SyncModel", "Mapping", "Reconcile", deque, heap]),

        // IO.
        module("LDAPClient", ["CLDAP", "CMemory", "SyncModel"]),
        module("LMDB", ["CLMDB"]),
        module("Cryptography", ["COpenSSL"]),
        module("Cache", ["Cryptography", "LMDB", "SyncModel"]),
        module("ActiveDirectory", ["LDAPClient", "SyncModel", logging]),
        module("MiniOrange", ["LDAPClient", "SyncModel", logging]),
        module("Configuration", ["SyncModel", "Mapping", yams]),
        module(
            "Gateway",
            ["CMemory", "Cryptography", "LDAPClient", "SyncModel", logging, metrics, nioCore, nioPosix, nioSSL, nioTLS]
        ),
        module(
            "SyncService",
            [
                "ActiveDirectory", "Cache", "Configuration", "Cryptography", "Gateway", "LDAPClient", "LMDB",
                "Mapping", "MiniOrange",
                "Reconcile", "SyncEngine", "SyncModel", asyncHTTPClient, coreMetrics, hummingbird, hummingbirdCore,
                logging,
                metrics, nioCore, nioPosix, serviceLifecycle, unixSignals,
            ]
        ),
        tool("synclined", ["SyncService", argumentParser]),
        tool("syncline", ["SyncService", argumentParser]),

        // What tools/bench measures without servers.
        module("BenchSamples", ["Mapping", "SyncModel"]),
        .executableTarget(
            name: "reconcile-bench",
            dependencies: ["BenchSamples", "Mapping", "Reconcile", "SyncModel"],
            path: "Sources/Bench",
            swiftSettings: houseSettings
        ),
        .executableTarget(
            name: "cache-bench",
            dependencies: ["BenchSamples", "Cache", "LMDB", "Mapping", "SyncModel"],
            path: "Sources/CacheBench",
            swiftSettings: houseSettings
        ),

        // Tests.
        .target(
            name: "Support",
            dependencies: ["SyncModel"] + threadSanitizer,
            path: "Tests/Support",
            swiftSettings: houseSettings
        ),
        .target(
            name: "Simulation",
            dependencies: ["Cache", "Mapping", "Reconcile", "Support", "SyncEngine", "SyncModel"],
            path: "Tests/Simulation",
            swiftSettings: houseSettings
        ),
        .executableTarget(
            name: "simulate",
            dependencies: ["Simulation", argumentParser],
            path: "Tests/Simulate",
            swiftSettings: houseSettings
        ),
        .systemLibrary(name: "CTestSupport", path: "Tests/CTestSupport"),
        .target(name: "CThreadSanitizer", path: "Tests/CThreadSanitizer", publicHeadersPath: "."),
        .target(
            name: "Fuzzing",
            dependencies: ["CTestSupport", "Support"],
            path: "Tests/Fuzzing",
            swiftSettings: houseSettings
        ),
        tests("SyncModelTests", ["Fuzzing", "SyncModel"]),
        tests("LMDBTests", ["LMDB"]),
        tests("LDAPClientTests", ["Fuzzing", "LDAPClient", "SyncModel"]),
        tests("MappingTests", ["Mapping", "SyncModel"]),
        tests("CryptographyTests", ["Cryptography"]),
        tests(
            "SyncServiceTests",
            [
                "CTestSupport", "Cache", "Configuration", "Cryptography", "Fuzzing", "Gateway", "LDAPClient", "Mapping",
                "Reconcile", "Support", "SyncEngine",
                "SyncModel", "SyncService", logging, serviceLifecycle,
            ]
        ),
        tests(
            "GatewayTests",
            ["Cryptography", "Gateway", "LDAPClient", "SyncModel", logging, nioCore, nioPosix, nioSSL]
        ),
        tests("ReconcileTests", ["Reconcile", "SyncModel"]),
        tests("SyncEngineTests", ["Mapping", "Reconcile", "Support", "SyncEngine", "SyncModel"]),
        tests("SimulationTests", ["Simulation", "Support", "SyncModel", "simulate"]),
        tests("ActiveDirectoryTests", ["ActiveDirectory", "Fuzzing", "LDAPClient", "SyncModel", logging]),
        tests("IntegrationTests", ["Cache", "Support", "SyncModel", argumentParser, "syncline", "synclined"]),
        tests("MiniOrangeTests", ["Fuzzing", "LDAPClient", "MiniOrange", "SyncModel", logging]),
        tests("CacheTests", ["Cache", "Cryptography", "Fuzzing", "LMDB", "Support", "SyncModel"]),
        tests("ConfigurationTests", ["Configuration", "Fuzzing", "Mapping", "SyncModel"]),
    ]
)
