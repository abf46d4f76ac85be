/// What every command of the cache inspector is told.
package struct InspectorOptions: Sendable {
    package var configurationPath: String
    /// A cache to look at instead of the configured one, such as a backup.
    package var cachePath: String?
    package var isJSON: Bool

    package init(configurationPath: String, cachePath: String? = nil, isJSON: Bool = false) {
        self.configurationPath = configurationPath
        self.cachePath = cachePath
        self.isJSON = isJSON
    }
}
