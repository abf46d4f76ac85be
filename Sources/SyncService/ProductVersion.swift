/// The version that both commands show.
package enum ProductVersion {
    package static let text = "0.1.0"
}
